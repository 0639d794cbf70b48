#include "raft/voter_requests.h"

#include <gtest/gtest.h>

namespace thalweg::raft {
namespace {
using namespace std::chrono_literals;

constexpr Instant kSeenAt = 1h;
constexpr Offset kLast{1'000};

Uuid disk(int node) { return {1, static_cast<std::uint64_t>(node)}; }

MemberProgress of(int node, bool voter, Offset match = kLast, Instant heard = kSeenAt) {
  MemberProgress one;
  one.member = {member_of(BrokerId{node}), BrokerId{node}, disk(node), {}};
  one.voter = voter;
  one.match = match;
  one.last_contact = heard;
  return one;
}
MemberProgress gone(int node) { return of(node, true, kLast, kSeenAt - 1min); }

// Node 1 leads.
VotersSeen see(const std::vector<MemberProgress>& members) {
  return {.members = members, .leader = member_of(BrokerId{1}), .last = kLast, .heard_since = kSeenAt - 1s};
}
Result<MemberId> add(int node, const std::vector<MemberProgress>& members) {
  return new_voter({BrokerId{node}, disk(node)}, see(members));
}
Result<MemberId> dismiss(int node, const std::vector<MemberProgress>& members) {
  return voter_to_dismiss({BrokerId{node}, disk(node)}, see(members));
}

TEST(NewVoter, IsALearnerThatKeepsUp) {
  const auto added = add(2, {of(1, true), of(2, false, Offset{kLast.value - 99})});
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(*added, member_of(BrokerId{2}));
}

TEST(NewVoter, IsNoNodeThatHasAVoteAlready) {
  const auto again = add(2, {of(1, true), of(2, true)});
  EXPECT_EQ(again.error().code, ErrorCode::kDuplicateVoter);
  EXPECT_EQ(
      again.error().message,
      "The voter id for ReplicaKey(id=2, directoryId=AAAAAAAAAAEAAAAAAAAAAg) is already part of the set of voters "
      "[ReplicaKey(id=1, directoryId=AAAAAAAAAAEAAAAAAAAAAQ), ReplicaKey(id=2, "
      "directoryId=AAAAAAAAAAEAAAAAAAAAAg)].");
  auto other_disk = of(2, false);
  other_disk.member.id = member_of(BrokerId{2}, 1);
  other_disk.member.directory = disk(9);
  EXPECT_EQ(new_voter({BrokerId{2}, disk(9)}, see({of(1, true), of(2, true), other_disk})).error().code,
            ErrorCode::kDuplicateVoter);
}

TEST(NewVoter, IsTriedAgainLaterWhenItDoesNotFollowYet) {
  EXPECT_EQ(add(2, {of(1, true)}).error().code, ErrorCode::kRequestTimedOut);
  EXPECT_EQ(add(2, {of(1, true), of(2, false, Offset{900})}).error().code, ErrorCode::kRequestTimedOut);
  EXPECT_EQ(add(2, {of(1, true), of(2, false, kLast, kSeenAt - 1min)}).error().code, ErrorCode::kRequestTimedOut);
}

TEST(NewVoter, IsNoBroker) {
  auto broker = of(2, false);
  broker.member.may_vote = false;
  EXPECT_EQ(add(2, {of(1, true), broker}).error().code, ErrorCode::kInvalidRequest);
}

TEST(VoterToDismiss, IsTheOneOnThisDisk) {
  EXPECT_EQ(*dismiss(2, {of(1, true), of(2, true), of(3, true)}), member_of(BrokerId{2}));
  EXPECT_EQ(*dismiss(1, {of(1, true), of(2, true)}), member_of(BrokerId{1})) << "the leader hears itself";
  const auto unknown = dismiss(9, {of(1, true), of(2, false)});
  EXPECT_EQ(unknown.error().code, ErrorCode::kVoterNotFound);
  EXPECT_EQ(unknown.error().message,
            "Cannot remove voter ReplicaKey(id=9, directoryId=AAAAAAAAAAEAAAAAAAAACQ) from the set of voters "
            "[ReplicaKey(id=1, directoryId=AAAAAAAAAAEAAAAAAAAAAQ)]");
  EXPECT_EQ(dismiss(2, {of(1, true), of(2, false)}).error().code, ErrorCode::kVoterNotFound) << "an observer";
}

TEST(VoterToDismiss, LeavesAMajorityThatIsHeard) {
  EXPECT_EQ(dismiss(1, {of(1, true), of(2, false)}).error().code, ErrorCode::kInvalidRequest) << "the last one";
  EXPECT_EQ(dismiss(2, {of(1, true), of(2, true), gone(3)}).error().code, ErrorCode::kInvalidRequest)
      << "two would be left, and both are needed";
  EXPECT_TRUE(dismiss(3, {of(1, true), of(2, true), gone(3)})) << "who is gone may be removed";
  EXPECT_TRUE(dismiss(2, {of(1, true), of(2, true), of(3, true), gone(4)}));
}

}  // namespace
}  // namespace thalweg::raft
