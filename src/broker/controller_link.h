// How this broker asks the controller, wherever it runs. Whoever asks does not know where that is: on this node
// (LocalControllerLink), on another (network_controller_link.h), or on whichever leads now (RoutedControllerLink).
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "broker/controller_service.h"
#include "broker/forwarded_from.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class ControllerLink {
 public:
  using Request = std::variant<
      protocol::CreateTopicsRequest, protocol::DeleteTopicsRequest, protocol::CreatePartitionsRequest,
      protocol::AlterConfigsRequest, protocol::IncrementalAlterConfigsRequest, protocol::ElectLeadersRequest,
      protocol::AlterPartitionReassignmentsRequest, protocol::AlterPartitionRequest,
      protocol::BrokerRegistrationRequest, protocol::BrokerHeartbeatRequest, protocol::UnregisterBrokerRequest,
      protocol::AllocateProducerIdsRequest, protocol::UpdateFeaturesRequest, protocol::AssignReplicasToDirsRequest,
      protocol::ControllerRegistrationRequest, protocol::DescribeQuorumRequest, protocol::AddRaftVoterRequest,
      protocol::RemoveRaftVoterRequest, protocol::UpdateRaftVoterRequest>;
  // The response at the request's place.
  using Reply = std::variant<
      protocol::CreateTopicsResponse, protocol::DeleteTopicsResponse, protocol::CreatePartitionsResponse,
      protocol::AlterConfigsResponse, protocol::IncrementalAlterConfigsResponse, protocol::ElectLeadersResponse,
      protocol::AlterPartitionReassignmentsResponse, protocol::AlterPartitionResponse,
      protocol::BrokerRegistrationResponse, protocol::BrokerHeartbeatResponse, protocol::UnregisterBrokerResponse,
      protocol::AllocateProducerIdsResponse, protocol::UpdateFeaturesResponse, protocol::AssignReplicasToDirsResponse,
      protocol::ControllerRegistrationResponse, protocol::DescribeQuorumResponse, protocol::AddRaftVoterResponse,
      protocol::RemoveRaftVoterResponse, protocol::UpdateRaftVoterResponse>;

  virtual ~ControllerLink() = default;

  // One attempt. kNotController: there is none there at the moment, or it went while it was at it. kRequestTimedOut: no
  // answer. In both cases a change may have been made, or may yet be.
  virtual Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) = 0;
  // The same in somebody else's name. Inside one process there is nobody who would have to be told.
  virtual Task<Result<Reply>> forward_once(Request request, std::int16_t version, ForwardedFrom, Instant deadline) {
    return ask_once(std::move(request), version, deadline);
  }

  // One attempt: whether to try again is known by who asks.
  template <class Response, class Asked>
  Task<Result<Response>> forward(Asked request, std::int16_t version, Instant deadline) {
    return response_of<Response>(ask_once(Request(std::move(request)), version, deadline));
  }
  template <class Response, class Asked>
  Task<Result<Response>> forward_from(Asked request, std::int16_t version, ForwardedFrom from, Instant deadline) {
    return response_of<Response>(forward_once(Request(std::move(request)), version, std::move(from), deadline));
  }

  // The same for who is on another shard and has no clock of this one.
  template <class Response, class Asked>
  Task<Result<Response>> forward_within(Asked request, std::int16_t version, Instant span) {
    return forward<Response>(std::move(request), version, clock().now() + span);
  }

  // The broker's own business: asks until a controller has answered, or the deadline. Only for requests that may be
  // made twice, since an answer may get lost.
  template <class Response, class Asked>
  Task<Result<Response>> ask(Asked request, std::int16_t version, Instant deadline) {
    Instant backoff = kBackoffFirst;
    for (;;) {
      auto answer = co_await forward<Response>(request, version, deadline);
      if (answer || clock().now() + backoff >= deadline || !may_be_asked_again(answer.error().code)) co_return answer;
      co_await clock().sleep_for(backoff);
      backoff = std::min<Instant>(2 * backoff, kBackoffLast);
    }
  }

  template <class Response, class Asked>
  Task<Result<Response>> ask_within(Asked request, std::int16_t version, Instant span) {
    return ask<Response>(std::move(request), version, clock().now() + span);
  }

  static constexpr Instant kBackoffFirst = std::chrono::milliseconds(1), kBackoffLast = std::chrono::milliseconds(100);

  // Errors of asking, as opposed to answers: nobody has decided, or nobody has said so.
  static bool may_be_asked_again(ErrorCode code) {
    return code == ErrorCode::kNotController || code == ErrorCode::kRequestTimedOut ||
           code == ErrorCode::kThrottlingQuotaExceeded || code == ErrorCode::kKafkaStorageError;
  }

 protected:
  virtual Clock& clock() = 0;

 private:
  template <class Response>
  static Task<Result<Response>> response_of(Task<Result<Reply>> asking) {
    auto reply = co_await std::move(asking);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    auto* response = std::get_if<Response>(&*reply);
    CHECK(response);
    co_return std::move(*response);
  }
};

namespace detail {
template <class Asked, std::size_t I = 0>
constexpr std::size_t place_among_requests() {
  if constexpr (std::is_same_v<Asked, std::variant_alternative_t<I, ControllerLink::Request>>)
    return I;
  else
    return place_among_requests<Asked, I + 1>();
}
}  // namespace detail

// The response to a request: the alternative of Reply at its place among the requests.
template <class Asked>
using ResponseTo = std::variant_alternative_t<detail::place_among_requests<Asked>(), ControllerLink::Reply>;
static_assert(std::variant_size_v<ControllerLink::Request> == std::variant_size_v<ControllerLink::Reply>);

// The controller of this node, while it leads the metadata quorum.
class LocalControllerLink : public ControllerLink {
 public:
  LocalControllerLink(const Shard& shard, ControllerService& service) : shard_(shard), service_(service) {}

  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override;

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  const Shard& shard_;
  ControllerService& service_;
};

// Asks on this node while it leads, and elsewhere while it does not. `leads_here` is asked at each attempt; all outlive
// the link.
class RoutedControllerLink : public ControllerLink {
 public:
  RoutedControllerLink(const Shard& shard, ControllerLink& here, ControllerLink& elsewhere,
                       std::function<bool()> leads_here)
      : shard_(shard), here_(here), elsewhere_(elsewhere), leads_here_(std::move(leads_here)) {}

  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override {
    return now().ask_once(std::move(request), version, deadline);
  }
  Task<Result<Reply>> forward_once(Request request, std::int16_t version, ForwardedFrom from,
                                   Instant deadline) override {
    return now().forward_once(std::move(request), version, std::move(from), deadline);
  }

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  ControllerLink& now() { return leads_here_() ? here_ : elsewhere_; }

  const Shard& shard_;
  ControllerLink& here_;
  ControllerLink& elsewhere_;
  const std::function<bool()> leads_here_;
};

}  // namespace thalweg::broker
