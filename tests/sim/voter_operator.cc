#include "voter_operator.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/raft_voter_changes.h"
#include "voter_node.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

// After so long an attempt has taken place or never will: a leader waits no longer for one that came before.
constexpr Instant kOver = broker::RaftVoterChanges::kRemovedWithin + 3s;
constexpr Millis kAddWithin{2000};
constexpr Instant kPauseMax = 800ms, kRefusedPause = 300ms;
constexpr int kAttemptsMax = 40;

}  // namespace

VoterOperator::VoterOperator(Voters& voters, const Shard& shard, Address address, int changes)
    : voters_(voters), shard_(shard), address_(address), changes_(changes), link_(voters, shard, address, [this] {
        return whom();
      }) {
  for (int id = 0; id < voters.count(); ++id) votes_[id] = true;
}

int VoterOperator::whom() {
  const auto believers = voters_.who_believe(address_);
  return believers.empty() ? int(below(std::uint64_t(voters_.count()))) : believers[below(believers.size())];
}

Task<> VoterOperator::run() {
  for (int i = 0; i < changes_; ++i) {
    const int voter = int(below(std::uint64_t(voters_.count())));
    const auto known = votes_.find(voter);
    if (known != votes_.end())
      co_await change(voter, !known->second, false);
    else
      co_await change(voter, below(2) == 0, true);
    co_await shard_.clock.sleep_for(Instant(below(std::uint64_t(kPauseMax.count()))));
  }
  done_ = true;
}

// A refusal ends a change unless an attempt before it may have taken place: then it is asked until that is known.
Task<> VoterOperator::change(int voter, bool vote, bool unsure) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const Told told = co_await ask(voter, vote, unsure);
    if (told == Told::kYes) votes_[voter] = vote;
    if (told == Told::kYes || (told == Told::kNo && !unsure)) co_return;
    if (told == Told::kUnsure) unsure = true;
    co_await shard_.clock.sleep_for(told == Told::kUnsure ? kOver : kRefusedPause);
  }
  votes_.erase(voter);  // nobody has said
}

Task<VoterOperator::Told> VoterOperator::ask(int voter, bool vote, bool unsure) {
  if (vote) {
    protocol::AddRaftVoterRequest request;
    request.cluster_id.reset();
    request.timeout_ms = std::int32_t(kAddWithin.count());
    request.voter_id = BrokerId{voter};
    request.voter_directory_id = Voter::directory_of(voter);
    request.listeners.push_back({"PLAINTEXT", fmt::format("voter-{}", voter), 9092});
    return send<protocol::AddRaftVoterResponse>(std::move(request), 1, ErrorCode::kDuplicateVoter, unsure);
  }
  protocol::RemoveRaftVoterRequest request;
  request.cluster_id.reset();
  request.voter_id = BrokerId{voter};
  request.voter_directory_id = Voter::directory_of(voter);
  return send<protocol::RemoveRaftVoterResponse>(std::move(request), 0, ErrorCode::kVoterNotFound, unsure);
}

template <class Response, class Request>
Task<VoterOperator::Told> VoterOperator::send(Request request, std::int16_t version, ErrorCode is_so_already,
                                              bool unsure) {
  const auto answer = co_await link_.forward<Response>(std::move(request), version, Instant::max());
  if (!answer) co_return answer.error().code == ErrorCode::kNotController ? Told::kNo : Told::kUnsure;
  if (answer->error_code == ErrorCode::kNone) {
    ++answered_;
    co_return Told::kYes;
  }
  if (answer->error_code == is_so_already && unsure) co_return Told::kYes;
  // Nobody else gives votes. That one is not found may be because the leader does not know yet on which disk it is.
  if (answer->error_code == ErrorCode::kDuplicateVoter) voters_.violation("a vote that was taken is there again");
  co_return answer->error_code == ErrorCode::kRequestTimedOut ? Told::kUnsure : Told::kNo;
}

std::string VoterOperator::contradiction(const std::vector<raft::MemberId>& voters) const {
  for (const auto& [id, vote] : votes_) {
    const bool votes = std::ranges::find(voters, raft::member_of(BrokerId{id})) != voters.end();
    if (votes != vote)
      return fmt::format("voter {} {} a vote, and the operator was told otherwise", id, votes ? "has" : "has not");
  }
  return {};
}

}  // namespace thalweg::simulation
