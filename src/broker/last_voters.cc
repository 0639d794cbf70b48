#include "broker/last_voters.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace thalweg::broker {
namespace {

using raft::MemberId;

bool has_majority(const std::vector<MemberId>& voters, const std::set<MemberId>& gone) {
  const auto left = std::ranges::count_if(voters, [&](MemberId id) { return !gone.contains(id); });
  return voters.empty() || 2 * std::size_t(left) > voters.size();
}

}  // namespace

bool can_decide(const raft::Membership& membership, const std::set<MemberId>& gone) {
  return has_majority(membership.voters, gone) && has_majority(membership.outgoing, gone);
}

LastVoters::LastVoters(const Shard& shard, const raft::Quorum& quorum, Find find)
    : shard_(shard), quorum_(quorum), find_(std::move(find)), probe_(shard) {}

void LastVoters::watch(std::function<void()> too_few) {
  too_few_ = std::move(too_few);
  look();
}

void LastVoters::stop() {
  timer_.reset();
  probe_.stop();
  too_few_ = nullptr;
}

// Each round anew, without the pauses that looks at a living node would have: it may go at any time.
void LastVoters::look() {
  const auto& membership = quorum_.membership();
  probe_.begin_anew();
  for (const auto* voters : {&membership.voters, &membership.outgoing})
    for (const MemberId voter : *voters) {
      if (voter == quorum_.self() || gone_.contains(voter)) continue;
      if (const auto at = find_(voter)) probe_.look(voter, *at, [this, voter] { note_gone(voter); });
    }
  timer_ = shard_.clock.call_at(shard_.clock.now() + kLookEach, [this] { look(); });
}

void LastVoters::note_gone(MemberId voter) {
  gone_.insert(voter);
  if (can_decide(quorum_.membership(), gone_)) return;
  timer_.reset();
  if (auto tell = std::exchange(too_few_, nullptr)) tell();
}

}  // namespace thalweg::broker
