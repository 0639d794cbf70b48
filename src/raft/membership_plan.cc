#include "raft/membership_plan.h"

#include <algorithm>
#include <set>

namespace thalweg::raft {
namespace {

using Kind = MemberChange::Kind;
using Changes = std::vector<MemberChange>;

class Plan {
 public:
  Plan(std::span<const MemberState> members, int wanted, Instant now, PlanTimes times)
      : members_(members), wanted_(wanted - (wanted % 2 == 0)), now_(now), times_(times) {}

  std::optional<Changes> next() const {
    if (auto changes = seat_of_a_replaced_disk()) return changes;
    if (auto changes = forgotten_disk()) return changes;
    if (auto changes = growth()) return changes;
    if (auto changes = replacement()) return changes;
    return unwanted();
  }

 private:
  bool is_ready(const MemberState& m) const {
    const bool eligible = !m.voter && m.may_vote && !m.dismissed && !m.silent_since;
    return eligible && m.close_since && now_ - *m.close_since >= times_.ready_after;
  }
  const MemberState* newest(BrokerId node) const {
    const MemberState* found = nullptr;
    for (const MemberState& m : members_)
      if (broker_of(m.id) == node && (!found || m.id > found->id)) found = &m;
    return found;
  }
  int voters() const {
    return static_cast<int>(std::ranges::count_if(members_, [](const MemberState& m) { return m.voter; }));
  }
  bool has_vote(BrokerId node) const {
    return std::ranges::any_of(members_, [&](const MemberState& m) { return m.voter && broker_of(m.id) == node; });
  }
  // Of nodes that have no vote by another disk; by node.
  std::vector<MemberId> ready_learners() const {
    std::vector<MemberId> ready;
    for (const MemberState& m : members_)
      if (is_ready(m) && newest(broker_of(m.id)) == &m && !has_vote(broker_of(m.id))) ready.push_back(m.id);
    std::ranges::sort(ready, {}, [](MemberId id) { return broker_of(id); });
    return ready;
  }

  std::optional<Changes> seat_of_a_replaced_disk() const {
    for (const MemberState& old : members_) {
      const MemberState* const now_there = newest(broker_of(old.id));
      if (old.voter && old.silent_since && now_there != &old && is_ready(*now_there))
        return Changes{{Kind::kRemove, old.id}, {Kind::kAddVoter, now_there->id}};
    }
    return std::nullopt;
  }
  std::optional<Changes> forgotten_disk() const {
    for (const MemberState& old : members_)
      if (!old.voter && old.silent_since && newest(broker_of(old.id)) != &old) return Changes{{Kind::kRemove, old.id}};
    return std::nullopt;
  }
  std::optional<Changes> growth() const {
    const int count = voters();
    const auto missing = static_cast<std::size_t>(count % 2 == 0 ? 1 : 2);
    const std::vector<MemberId> ready = ready_learners();
    if (count + static_cast<int>(missing) > wanted_ || ready.size() < missing) return std::nullopt;
    Changes changes;
    for (std::size_t i = 0; i < missing; ++i) changes.push_back({Kind::kAddVoter, ready[i]});
    return changes;
  }
  std::optional<Changes> replacement() const {
    const std::vector<MemberId> ready = ready_learners();
    const MemberState* longest = nullptr;
    for (const MemberState& m : members_) {
      if (!m.voter || !m.silent_since || now_ - *m.silent_since < times_.silent_max) continue;
      if (!longest || *m.silent_since < *longest->silent_since) longest = &m;
    }
    if (!longest || ready.empty()) return std::nullopt;
    return Changes{{Kind::kRemove, longest->id}, {Kind::kAddVoter, ready.front()}};
  }

  std::optional<Changes> unwanted() const {
    for (const MemberState& m : members_) {
      const bool is_wanted = m.voter || m.registered || (m.may_vote && !m.dismissed);
      if (!is_wanted && m.silent_since && now_ - *m.silent_since >= times_.silent_max)
        return Changes{{Kind::kRemove, m.id}};
    }
    return std::nullopt;
  }

  const std::span<const MemberState> members_;
  const int wanted_;
  const Instant now_;
  const PlanTimes times_;
};

}  // namespace

std::optional<std::vector<MemberChange>> next_change(std::span<const MemberState> members, int wanted, Instant now,
                                                     PlanTimes times) {
  return Plan(members, wanted, now, times).next();
}

std::optional<MemberId> heir_of(std::span<const MemberProgress> members, MemberId leader, Instant heard_since) {
  const MemberProgress* best = nullptr;
  for (const MemberProgress& m : members) {
    if (!m.voter || m.member.id == leader || !m.last_contact || *m.last_contact < heard_since) continue;
    if (!best || m.match > best->match) best = &m;
  }
  return best ? std::optional(best->member.id) : std::nullopt;
}

}  // namespace thalweg::raft
