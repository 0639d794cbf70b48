#include "broker/network_controller_link.h"

#include <algorithm>
#include <string>

#include "broker/envelope.h"

namespace thalweg::broker {
namespace {

using Reply = ControllerLink::Reply;

template <class Asked>
constexpr bool kIsLiveness = std::is_same_v<Asked, protocol::BrokerRegistrationRequest> ||
                             std::is_same_v<Asked, protocol::BrokerHeartbeatRequest>;
template <class Asked>
constexpr bool kIsOwn = kIsLiveness<Asked> || std::is_same_v<Asked, protocol::AllocateProducerIdsRequest> ||
                        std::is_same_v<Asked, protocol::AlterPartitionRequest> ||
                        std::is_same_v<Asked, protocol::AssignReplicasToDirsRequest>;

// A time within which somebody who is there says something.
constexpr Instant kSilentFor = std::chrono::seconds(1);

// Nobody was asked.
std::unexpected<Error> not_asked(const Error& error) {
  return fail(ErrorCode::kNotController, "the controller cannot be reached: " + error.message);
}

// A connection that broke says nothing about the request.
std::unexpected<Error> not_answered(const Error& error) {
  if (error.code == ErrorCode::kNetworkException)
    return fail(ErrorCode::kNotController, "the controller went: " + error.message);
  return std::unexpected(error);
}

}  // namespace

std::optional<NetworkControllerLink::Target> NetworkControllerLink::target() {
  auto found = find_();
  if (found && found->node != asked_last_) {
    forget_connections();
    asked_last_ = found->node;
  }
  return found;
}

void NetworkControllerLink::forget_connections() {
  if (asked_last_ == kNoBroker) return;
  for (const Purpose purpose : {Purpose::kLiveness, Purpose::kController, Purpose::kForwarding})
    channels_.drop(PeerKey{asked_last_, purpose});
}

// The same node in another epoch may be another process, or have been away.
void NetworkControllerLink::leader_changed() {
  const auto found = find_();
  if (!found) return;
  forget_connections();
  asked_last_ = found->node;
}

Task<Result<Reply>> NetworkControllerLink::ask_once(Request request, std::int16_t version, Instant deadline) {
  return forward_once(std::move(request), version, {}, deadline);
}

Task<Result<Reply>> NetworkControllerLink::forward_once(Request request, std::int16_t version, ForwardedFrom from,
                                                        Instant deadline) {
  const auto to = target();
  if (!to) co_return fail(ErrorCode::kNotController, "the metadata quorum has no leader that is known here");
  co_return co_await std::visit(
      [&](auto& asked) { return send(*to, std::move(asked), version, std::move(from), deadline); }, request);
}

template <class Asked>
Task<Result<Reply>> NetworkControllerLink::send(Target to, Asked request, std::int16_t version, ForwardedFrom from,
                                                Instant deadline) {
  if constexpr (kIsOwn<Asked>)
    return send_own(std::move(to), std::move(request), version, deadline);
  else
    return send_enveloped(std::move(to), std::move(request), version, std::move(from), deadline);
}

template <class Asked>
Task<Result<Reply>> NetworkControllerLink::send_own(Target to, Asked request, std::int16_t version, Instant deadline) {
  deadline = std::min(deadline, later(shard_.clock.now(), kOwnWithin));
  const PeerKey peer{to.node, kIsLiveness<Asked> ? Purpose::kLiveness : Purpose::kController};
  const auto channel = co_await channels_.to(peer, to.endpoint, deadline);
  if (!channel) co_return not_asked(channel.error());
  CO_TRY(const std::int16_t spoken, PeerChannels::spoken_version(**channel, Asked::kKey, Asked::kMinVersion, version));
  const Instant sent = shard_.clock.now();
  auto response = co_await (*channel)->template send<ResponseTo<Asked>>(std::move(request), spoken, deadline);
  if (!response) {
    const bool waited = shard_.clock.now() - sent >= kSilentFor;
    if (response.error().code == ErrorCode::kRequestTimedOut && waited) channels_.drop_silent(to.node, sent);
    co_return not_answered(response.error());
  }
  if (may_be_asked_again(response->error_code))
    co_return fail(response->error_code, "node " + to_string(to.node) + " could not answer as the controller");
  co_return Reply(std::move(*response));
}

template <class Asked>
Task<Result<Reply>> NetworkControllerLink::send_enveloped(Target to, Asked request, std::int16_t version,
                                                          ForwardedFrom from, Instant deadline) {
  CO_TRY(auto envelope, put_in_envelope(request, version, from));
  const auto channel = co_await channels_.to({to.node, Purpose::kForwarding}, to.endpoint, deadline);
  if (!channel) co_return not_asked(channel.error());
  auto answer = co_await (*channel)->template send<protocol::EnvelopeResponse>(
      std::move(envelope), protocol::EnvelopeRequest::kMaxVersion, deadline);
  if (!answer) co_return not_answered(answer.error());
  CO_TRY(auto response, response_in_envelope<ResponseTo<Asked>>(std::move(*answer), version));
  co_return Reply(std::move(response));
}

}  // namespace thalweg::broker
