#include "vote_operator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "broker/forwarding.h"
#include "broker/raft_voter_changes.h"
#include "cluster_node.h"
#include "protocol/describe_quorum_request.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr std::int16_t kDescribeQuorumVersion = 2, kAddVoterVersion = 1, kRemoveVoterVersion = 0;
constexpr Millis kVoteWithin{2000};
// After so long an attempt has taken place or never will: a broker asks again for that long, and a leader waits no
// longer for a change that came before.
constexpr Instant kVoteOver = broker::Forwarding::kAgainWithin + broker::RaftVoterChanges::kRemovedWithin + 3s;
constexpr Instant kVotePauseMax = 2s, kVoteRetryMax = 500ms;
constexpr int kVoteAttemptsMax = 40;

}  // namespace

Task<> VoteOperator::run() {
  for (int i = 0; i < changes_;) {
    co_await pause(&shard_, kVotePauseMax);
    const auto seen = co_await look();
    if (!seen) continue;
    ++i;
    const BrokerId node{int(shard_.random.next() % kClusterNodes) + 1};
    const auto is_it = [&](const auto& replica) { return replica.replica_id == node; };
    if (const auto voter = std::ranges::find_if(seen->current_voters, is_it); voter != seen->current_voters.end())
      co_await change(node, false, voter->replica_directory_id);
    else if (const auto one = std::ranges::find_if(seen->observers, is_it); one != seen->observers.end())
      co_await change(node, true, one->replica_directory_id);
  }
  done_ = true;
}

std::optional<bool> VoteOperator::has_vote(BrokerId node) const {
  const auto known = votes_.find(node);
  return known == votes_.end() ? true : known->second;  // all founders vote
}

Task<Result<VoteOperator::Seen>> VoteOperator::look() {
  CO_TRY(const auto channel, co_await route_.to_any());
  protocol::DescribeQuorumRequest request;
  auto& topic = request.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back();
  CO_TRY(auto response, co_await ask_or_close<protocol::DescribeQuorumResponse>(&shard_, channel, std::move(request),
                                                                                kDescribeQuorumVersion));
  if (response.error_code != ErrorCode::kNone) co_return fail(response.error_code, "DescribeQuorum");
  co_return std::move(response.topics.at(0).partitions.at(0));
}

// What was read may be old, so that a first refusal says nothing. A refusal ends a change unless an attempt before it
// may have taken place: then it is asked for until that is known.
Task<> VoteOperator::change(BrokerId node, bool vote, Uuid directory) {
  const auto before = has_vote(node);
  bool unsure = !before || *before == vote;
  votes_[node] = std::nullopt;
  for (int attempt = 0; attempt < kVoteAttemptsMax; ++attempt) {
    const Told told = co_await ask(node, vote, directory, unsure);
    log::info("asked for a vote", field("node", node), field("given", vote), field("attempt", attempt),
              field("told", told == Told::kYes  ? "done"
                            : told == Told::kNo ? "refused"
                                                : "nothing"));
    if (told == Told::kYes) votes_[node] = vote;
    if (told == Told::kNo && !unsure) votes_[node] = before;
    if (told == Told::kYes || (told == Told::kNo && !unsure)) co_return;
    if (told == Told::kUnsure) unsure = true;
    if (told == Told::kUnsure)
      co_await shard_.clock.sleep_for(kVoteOver);
    else
      co_await pause(&shard_, kVoteRetryMax);
  }
}

Task<VoteOperator::Told> VoteOperator::ask(BrokerId node, bool vote, Uuid directory, bool unsure) {
  if (vote) {
    protocol::AddRaftVoterRequest request;
    request.cluster_id.reset();
    request.timeout_ms = std::int32_t(kVoteWithin.count());
    request.voter_id = node;
    request.voter_directory_id = directory;
    request.listeners.push_back({"CONTROLLER", controller_endpoint(node.value).host, kControllerPort});
    return send<protocol::AddRaftVoterResponse>(std::move(request), kAddVoterVersion, ErrorCode::kDuplicateVoter,
                                                unsure);
  }
  protocol::RemoveRaftVoterRequest request;
  request.cluster_id.reset();
  request.voter_id = node;
  request.voter_directory_id = directory;
  return send<protocol::RemoveRaftVoterResponse>(std::move(request), kRemoveVoterVersion, ErrorCode::kVoterNotFound,
                                                 unsure);
}

template <class Response, class Request>
Task<VoteOperator::Told> VoteOperator::send(Request request, std::int16_t version, ErrorCode is_so_already,
                                            bool unsure) {
  const auto channel = co_await route_.to_any();
  if (!channel) co_return Told::kNo;
  const auto answer = co_await ask_or_close<Response>(&shard_, *channel, std::move(request), version);
  if (!answer) co_return Told::kUnsure;
  if (answer->error_code == ErrorCode::kNone) {
    ++answered_;
    co_return Told::kYes;
  }
  // The broker that was asked may have asked twice, and what it was told the first time got lost.
  if (answer->error_code == is_so_already) co_return unsure ? Told::kYes : Told::kUnsure;
  // Those that are left could not decide anything.
  if (answer->error_code == ErrorCode::kInvalidRequest) co_return Told::kNo;
  if (!is_retriable(answer->error_code))
    history_.violation(fmt::format("a change of voters was refused: {} {}", name(answer->error_code),
                                   answer->error_message.value_or("")));
  co_return Told::kUnsure;
}

}  // namespace thalweg::simulation
