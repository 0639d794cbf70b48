#include "raft/membership_plan.h"

#include <gtest/gtest.h>

namespace thalweg::raft {
namespace {

using Kind = MemberChange::Kind;
using Changes = std::vector<MemberChange>;
using namespace std::chrono_literals;

constexpr Instant kNow = 1h;

MemberState voter(int node, std::uint32_t disk = 0) {
  return {.id = member_of(BrokerId{node}, disk), .voter = true, .close_since = Instant(0)};
}
MemberState learner(int node, std::uint32_t disk = 0, Instant close_for = 10s) {
  return {.id = member_of(BrokerId{node}, disk), .close_since = kNow - close_for};
}
MemberState silent(MemberState member, Instant how_long) {
  member.silent_since = kNow - how_long;
  member.close_since.reset();
  return member;
}
MemberChange add(int node, std::uint32_t disk = 0) { return {Kind::kAddVoter, member_of(BrokerId{node}, disk)}; }
MemberChange remove(int node, std::uint32_t disk = 0) { return {Kind::kRemove, member_of(BrokerId{node}, disk)}; }

std::optional<Changes> plan(std::vector<MemberState> members, int wanted = 3) {
  std::ranges::sort(members, {}, &MemberState::id);
  return next_change(members, wanted, kNow);
}

TEST(MembershipPlan, LeavesWellAlone) {
  EXPECT_EQ(plan({voter(1)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), learner(4)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), silent(learner(4), 1h)}), std::nullopt);
}

TEST(MembershipPlan, GrowsByTwoAtOnceBecauseTwoVotersAreWorseThanOne) {
  EXPECT_EQ(plan({voter(1), learner(2)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), learner(3), learner(2)}), (Changes{add(2), add(3)}));
  const std::vector<MemberState> five{voter(1), learner(2), learner(3), learner(4), learner(5)};
  EXPECT_EQ(plan(five, 5), (Changes{add(2), add(3)}));
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), learner(4)}, 5), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), learner(4), learner(5)}, 5), (Changes{add(4), add(5)}));
}

TEST(MembershipPlan, AnEvenNumberThatSomebodyMadeBecomesOdd) {
  EXPECT_EQ(plan({voter(1), voter(2), learner(3)}), (Changes{add(3)}));
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), voter(4), learner(5)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), learner(2), learner(3)}, 2), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), learner(3), learner(4)}, 4), (Changes{add(3)}));
}

TEST(MembershipPlan, OnlyWhoKeepsUpForTenSecondsIsGivenAVote) {
  EXPECT_EQ(plan({voter(1), learner(2), learner(3, 0, 9s)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), learner(2), silent(learner(3), 1s)}), std::nullopt);
  MemberState behind = learner(3);
  behind.close_since.reset();
  EXPECT_EQ(plan({voter(1), learner(2), behind}), std::nullopt);
  MemberState broker_only = learner(3);
  broker_only.may_vote = false;
  EXPECT_EQ(plan({voter(1), learner(2), broker_only}), std::nullopt);
}

TEST(MembershipPlan, WhoseVoteWasTakenByRequestIsNotGivenItBack) {
  MemberState dismissed = learner(3);
  dismissed.dismissed = true;
  EXPECT_EQ(plan({voter(1), voter(2), dismissed}), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), dismissed, learner(4)}), (Changes{add(4)})) << "somebody else is";
  EXPECT_EQ(plan({voter(1), silent(voter(2), 1h), voter(4), dismissed}), std::nullopt) << "and not as a replacement";
}

TEST(MembershipPlan, WhoWasRemovedIsForgottenOnceItIsGone) {
  MemberState removed = learner(4);
  removed.registered = false;
  removed.dismissed = true;
  const std::vector<MemberState> three{voter(1), voter(2), voter(3)};
  const auto with = [&](const MemberState& member) {
    auto members = three;
    members.push_back(member);
    return plan(members);
  };
  EXPECT_EQ(with(removed), std::nullopt) << "it is there";
  EXPECT_EQ(with(silent(removed, 9min)), std::nullopt);
  EXPECT_EQ(with(silent(removed, 10min)), (Changes{remove(4)}));
  MemberState broker = silent(removed, 1h);
  broker.registered = true;
  EXPECT_EQ(with(broker), std::nullopt) << "a broker that is down";
  MemberState newcomer = silent(removed, 1h);
  newcomer.dismissed = false;
  EXPECT_EQ(with(newcomer), std::nullopt) << "it may be about to start";
}

TEST(MembershipPlan, ANewDiskTakesTheSeatOfItsOldOne) {
  const auto old = silent(voter(2), 20s);
  EXPECT_EQ(plan({voter(1), old, voter(3), learner(2, 1)}), (Changes{remove(2), add(2, 1)}));
  EXPECT_EQ(plan({voter(1), old, voter(3), learner(2, 1, 9s)}), std::nullopt) << "not ready";
  EXPECT_EQ(plan({voter(1), old, voter(3), learner(2, 1), learner(4)}), (Changes{remove(2), add(2, 1)}));
}

TEST(MembershipPlan, ADiskThatIsAliveKeepsItsSeat) {
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), learner(2, 1)}), std::nullopt);
}

TEST(MembershipPlan, ANodeNeverHasTwoVotes) {
  EXPECT_EQ(plan({voter(1), learner(1, 1), learner(2)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), voter(3), learner(3, 1), learner(4)}, 5), std::nullopt);
}

TEST(MembershipPlan, ADiskWithoutAVoteIsForgottenOnceThereIsANewerOne) {
  EXPECT_EQ(plan({voter(1), silent(learner(2), 1s), learner(2, 1, 0s)}), (Changes{remove(2)}));
  EXPECT_EQ(plan({voter(1), silent(learner(2), 1h)}), std::nullopt) << "it may come back";
  EXPECT_EQ(plan({voter(1), learner(2), learner(2, 1, 0s)}), std::nullopt) << "it is alive";
}

TEST(MembershipPlan, AVoterThatIsSilentForTenMinutesIsReplaced) {
  EXPECT_EQ(plan({voter(1), voter(2), silent(voter(3), 10min), learner(4)}), (Changes{remove(3), add(4)}));
  EXPECT_EQ(plan({voter(1), voter(2), silent(voter(3), 10min - 1s), learner(4)}), std::nullopt);
  EXPECT_EQ(plan({voter(1), voter(2), silent(voter(3), 1h)}), std::nullopt) << "nobody to take the seat";
  EXPECT_EQ(plan({voter(1), voter(2), silent(voter(3), 1h), learner(1, 1)}), std::nullopt) << "node 1 votes already";
}

TEST(MembershipPlan, OneSeatAtATimeAndTheOneThatIsEmptyForLongestFirst) {
  const auto changes =
      plan({voter(1), voter(2), voter(3), silent(voter(4), 11min), silent(voter(5), 12min), learner(6), learner(7)}, 5);
  EXPECT_EQ(changes, (Changes{remove(5), add(6)}));
}

// From whatever people and faults have made of it: each step keeps the majority of those that are heard, no node has
// two votes, and after a few steps there is nothing left to do.
TEST(MembershipPlan, ComesToAnEndFromAnywhere) {
  std::uint64_t state = 1;
  const auto below = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<MemberState> members{voter(0)};
    for (int node = 1; node < 8; ++node)
      for (std::uint32_t disk = 0; disk < 2; ++disk) {
        if (below(2) == 0) continue;
        MemberState member =
            below(2) == 0 && !(disk == 1 && members.back().voter && broker_of(members.back().id).value == node)
                ? voter(node, disk)
                : learner(node, disk, std::chrono::seconds(below(20)));
        if (below(3) == 0) member = silent(member, std::chrono::minutes(below(20)));
        member.may_vote = below(5) != 0;
        members.push_back(member);
      }
    const auto count = [&] { return std::ranges::count_if(members, &MemberState::voter); };
    const int wanted = static_cast<int>(1 + below(6));
    int steps = 0;
    while (auto changes = plan(members, wanted)) {
      ASSERT_LT(++steps, 20);
      ASSERT_LE(changes->size(), 2u);
      const auto before = count();
      for (const MemberChange& change : *changes) {
        const auto at = std::ranges::find(members, change.member, &MemberState::id);
        ASSERT_NE(at, members.end());
        if (change.kind == Kind::kRemove) {
          ASSERT_TRUE(at->silent_since) << "who is heard is never removed";
          members.erase(at);
          continue;
        }
        ASSERT_EQ(change.kind, Kind::kAddVoter);
        ASSERT_TRUE(!at->voter && at->may_vote && !at->silent_since);
        at->voter = true;
      }
      ASSERT_GE(count(), before);
      ASSERT_TRUE(count() <= std::max<std::ptrdiff_t>(before, wanted));
      for (const MemberState& a : members)
        for (const MemberState& b : members)
          ASSERT_FALSE(a.voter && b.voter && a.id != b.id && broker_of(a.id) == broker_of(b.id));
    }
  }
}

MemberProgress progress(int node, std::int64_t match, bool is_voter, std::optional<Instant> heard) {
  return {Member{.id = member_of(BrokerId{node})}, is_voter, Offset{match}, heard, {}};
}

TEST(Heir, HasMostOfTheLogAndIsHeard) {
  const std::vector<MemberProgress> members{progress(1, 90, true, kNow), progress(2, 50, true, kNow),
                                            progress(3, 70, true, kNow), progress(4, 80, true, kNow - 1min),
                                            progress(5, 80, true, {}),   progress(6, 90, false, kNow)};
  EXPECT_EQ(heir_of(members, member_of(BrokerId{1}), kNow - 1s), member_of(BrokerId{3}));
  EXPECT_EQ(heir_of({members.data(), 1}, member_of(BrokerId{1}), kNow - 1s), std::nullopt);
}

}  // namespace
}  // namespace thalweg::raft
