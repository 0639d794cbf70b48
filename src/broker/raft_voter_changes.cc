#include "broker/raft_voter_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "broker/quorum_listener.h"

namespace thalweg::broker {
namespace {

using raft::VoterKey;

std::optional<Error> of_another_cluster(const std::optional<std::string>& asked, const std::string& mine) {
  if (!asked || *asked == mine) return std::nullopt;
  return Error{ErrorCode::kInconsistentClusterId,
               fmt::format("The given id \"{}\" doesn't match the cluster id \"{}\"", *asked, mine)};
}

std::optional<Error> without_voter(const VoterKey& voter, std::string_view what) {
  if (voter.node.value >= 0 && !voter.directory.is_zero()) return std::nullopt;
  return Error{ErrorCode::kInvalidRequest, fmt::format("{} voter request didn't include a valid voter", what)};
}

// Names of listeners are the same in upper and lower case.
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

template <class Request>
bool is_reachable(const Request& request, const std::string& listener) {
  const auto is_it = [&](const auto& one) { return same_name(one.name, listener) && !one.host.empty(); };
  return std::ranges::any_of(request.listeners, is_it);
}

std::optional<Error> not_reachable(const protocol::AddRaftVoterRequest& request, const std::string& listener) {
  if (is_reachable(request, listener)) return std::nullopt;
  return Error{ErrorCode::kInvalidRequest,
               fmt::format("Add voter request didn't include the endpoint for the default listener {}", listener)};
}

std::optional<Error> is_static(const config::BrokerConfig& config, std::string_view what) {
  if (config.quorum_voters.empty()) return std::nullopt;
  return Error{ErrorCode::kUnsupportedVersion,
               fmt::format("Cluster doesn't support {} voter because the kraft.version feature is 0: "
                           "controller.quorum.voters says who votes. Name the nodes in "
                           "controller.quorum.bootstrap.servers instead, on all of them",
                           what)};
}

template <class Response>
Response refusal(const Error& error) {
  Response response;
  response.error_code = error.code;
  response.error_message = error.message;
  return response;
}

// A refusal by what this node knows; one that was replaced and does not know it knows too little.
bool tells_how_it_is(ErrorCode code) {
  return code == ErrorCode::kDuplicateVoter || code == ErrorCode::kVoterNotFound || code == ErrorCode::kInvalidRequest;
}

// What a client is told of how a change ended. Who has to be asked instead is not for clients, but for who passed the
// request on.
template <class Response>
Result<Response> answer_to(const Result<>& done) {
  if (done) {
    Response response;
    response.error_message.reset();
    return response;
  }
  if (done.error().code == ErrorCode::kNotController) return std::unexpected(done.error());
  return refusal<Response>(done.error());
}

}  // namespace

Task<Result<protocol::AddRaftVoterResponse>> RaftVoterChanges::add(protocol::AddRaftVoterRequest request,
                                                                   std::string cluster_id) {
  using Response = protocol::AddRaftVoterResponse;
  const VoterKey voter{request.voter_id, request.voter_directory_id};
  auto error = of_another_cluster(request.cluster_id, cluster_id);
  if (!error) error = without_voter(voter, "Add");
  if (!error) error = not_reachable(request, quorum_listener(config_));
  if (!error) error = is_static(config_, "adding");
  if (error) co_return refusal<Response>(*error);
  const Instant within = std::clamp<Instant>(Millis(request.timeout_ms), Instant(0), kAddedWithinMax);
  const Instant deadline = shard_.clock.now() + within;
  const Change change = &raft::Quorum::add_voter;
  co_return answer_to<Response>(request.ack_when_committed ? co_await make(change, voter, deadline)
                                                           : co_await begin(change, voter, deadline));
}

Task<Result<protocol::RemoveRaftVoterResponse>> RaftVoterChanges::remove(protocol::RemoveRaftVoterRequest request,
                                                                         std::string cluster_id) {
  using Response = protocol::RemoveRaftVoterResponse;
  const VoterKey voter{request.voter_id, request.voter_directory_id};
  auto error = of_another_cluster(request.cluster_id, cluster_id);
  if (!error) error = without_voter(voter, "Remove");
  if (!error) error = is_static(config_, "removing");
  if (error) co_return refusal<Response>(*error);
  co_return answer_to<Response>(
      co_await make(&raft::Quorum::dismiss_voter, voter, shard_.clock.now() + kRemovedWithin));
}

const raft::Member* RaftVoterChanges::voter_of(const protocol::UpdateRaftVoterRequest& request) const {
  const auto& members = quorum_.members();
  const auto* const found = config_.quorum_voters.empty() ? members.find(request.voter_id, request.voter_directory_id)
                                                          : members.newest(request.voter_id);
  return found && quorum_.membership().is_voter(found->id) ? found : nullptr;
}

ErrorCode RaftVoterChanges::refusal_to_update(const protocol::UpdateRaftVoterRequest& request,
                                              const std::string& cluster_id) const {
  if (of_another_cluster(request.cluster_id, cluster_id)) return ErrorCode::kInconsistentClusterId;
  const LeaderEpoch epoch = quorum_.leader().epoch;
  if (request.current_leader_epoch < epoch) return ErrorCode::kFencedLeaderEpoch;
  if (request.current_leader_epoch > epoch) return ErrorCode::kUnknownLeaderEpoch;
  if (!quorum_.is_leader()) return ErrorCode::kNotLeaderOrFollower;
  if (without_voter({request.voter_id, request.voter_directory_id}, "Update")) return ErrorCode::kInvalidRequest;
  const std::int16_t kraft_version = config_.quorum_voters.empty() ? 1 : 0;
  const auto& speaks = request.kraft_version_feature;
  if (speaks.min_supported_version > kraft_version || speaks.max_supported_version < kraft_version)
    return ErrorCode::kInvalidRequest;
  if (!is_reachable(request, quorum_listener(config_))) return ErrorCode::kInvalidRequest;
  return voter_of(request) ? ErrorCode::kNone : ErrorCode::kVoterNotFound;
}

Task<Result<protocol::UpdateRaftVoterResponse>> RaftVoterChanges::update(protocol::UpdateRaftVoterRequest request,
                                                                         std::string cluster_id) {
  const auto listener = quorum_listener(config_);
  protocol::UpdateRaftVoterResponse response;
  response.error_code = refusal_to_update(request, cluster_id);
  if (response.error_code == ErrorCode::kNone) {
    raft::Member voter = *voter_of(request);
    voter.endpoints.clear();
    for (const auto& one : request.listeners)
      voter.endpoints[same_name(one.name, listener) ? listener : one.name] = {one.host, one.port};
    const auto done = co_await quorum_.update_member(std::move(voter), shard_.clock.now() + kRemovedWithin);
    const auto code = done ? ErrorCode::kNone : done.error().code;
    if (code == ErrorCode::kNotController)
      response.error_code = ErrorCode::kNotLeaderOrFollower;
    else if (code == ErrorCode::kThrottlingQuotaExceeded || code == ErrorCode::kKafkaStorageError)
      response.error_code = ErrorCode::kRequestTimedOut;
    else
      response.error_code = code;
  }
  const auto leader = quorum_.leader();
  response.current_leader.leader_id = leader.leader;
  response.current_leader.leader_epoch = leader.epoch;
  const auto* const known = quorum_.members().find(leader.member);
  if (const auto at = known ? known->endpoints.find(listener) : raft::Endpoints::const_iterator();
      known && at != known->endpoints.end()) {
    response.current_leader.host = at->second.host;
    response.current_leader.port = at->second.port;
  }
  co_return response;
}

Task<> RaftVoterChanges::removed(BrokerId node) {
  const Instant deadline = shard_.clock.now() + kRemovedWithin;
  for (;;) {
    const auto done = co_await quorum_.dismiss_learners(node, deadline);
    if (done || done.error().code != ErrorCode::kThrottlingQuotaExceeded || shard_.clock.now() >= deadline) co_return;
    co_await shard_.clock.sleep_for(kBusyPause);
  }
}

// One change at a time: whoever comes second waits for the first, and for the leader's own.
Task<Result<>> RaftVoterChanges::make(Change change, VoterKey voter, Instant deadline) {
  for (;;) {
    const LeaderEpoch epoch = quorum_.leader().epoch;
    auto done = co_await (quorum_.*change)(voter, deadline);
    // What others have by then may be committed without this node.
    if (!done && done.error().code == ErrorCode::kKafkaStorageError)
      co_return fail(ErrorCode::kRequestTimedOut, "the outcome is unknown: " + done.error().message);
    if (!done && tells_how_it_is(done.error().code) &&
        !co_await quorum_.still_leads(epoch, shard_.clock.now() + kConfirmedWithin))
      co_return fail(ErrorCode::kNotController, "another node may lead the metadata quorum by now");
    if (done || done.error().code != ErrorCode::kThrottlingQuotaExceeded) co_return done;
    if (shard_.clock.now() + kBusyPause >= deadline)
      co_return fail(ErrorCode::kRequestTimedOut,
                     "Request timed out waiting for voters to commit the latest voter change");
    co_await shard_.clock.sleep_for(kBusyPause);
  }
}

// Does not wait until the change is committed (KIP-1186). What is refused is refused at once.
Task<Result<>> RaftVoterChanges::begin(Change change, VoterKey voter, Instant deadline) {
  const OneShot<Result<>> outcome;
  spawn(shard_, make_for(this, change, voter, deadline, outcome));
  const auto timer = shard_.clock.call_at(shard_.clock.now() + kRefusedWithin, [outcome] { outcome.set(Result<>{}); });
  co_return co_await outcome.wait();
}

Task<> RaftVoterChanges::make_for(RaftVoterChanges* self, Change change, VoterKey voter, Instant deadline,
                                  OneShot<Result<>> outcome) {
  outcome.set(co_await self->make(change, voter, deadline));
}

}  // namespace thalweg::broker
