// Who belongs to the quorum. Ids are the core's: broker id + 1, because it has no id 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/types.h"

namespace thalweg::raft {

using MemberId = std::uint64_t;

constexpr MemberId member_of(BrokerId broker) { return static_cast<MemberId>(broker.value) + 1; }
constexpr BrokerId broker_of(MemberId member) {
  return member == 0 ? kNoBroker : BrokerId{static_cast<std::int32_t>(member - 1)};
}

// Sorted lists. While a change of several members is under way (`outgoing` not empty), decisions need a majority of
// both `voters` and `outgoing`.
struct Membership {
  std::vector<MemberId> voters;
  std::vector<MemberId> learners;
  std::vector<MemberId> outgoing;
  std::vector<MemberId> learners_next;
  bool auto_leave = false;

  bool is_sole_voter(MemberId member) const {
    return outgoing.empty() && voters.size() == 1 && voters.front() == member;
  }
  bool has(MemberId member) const {
    const auto in = [member](const std::vector<MemberId>& list) {
      return std::ranges::find(list, member) != list.end();
    };
    return in(voters) || in(learners) || in(outgoing);
  }
  friend bool operator==(const Membership&, const Membership&) = default;
};

}  // namespace thalweg::raft
