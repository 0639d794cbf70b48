// Members that join, move, lose their disk, are replaced and removed.
#include <gtest/gtest.h>

#include <algorithm>

#include "raft/testing_members.h"

namespace thalweg::raft {
namespace {

using namespace testing;
using Kind = MemberChange::Kind;

TEST_F(QuorumMembers, GrowsFromOneToThreeUnderLoad) {
  Cluster cluster(7, 1, 3);
  cluster.faults = {0.01, 0, Millis(5), Millis(1)};
  cluster.world.run_for(Millis(500));
  for (int i = 0; i < 300; ++i) cluster.client(kA);
  cluster.world.run_for(Millis(500));
  for (const BrokerId id : {kB, kC}) EXPECT_EQ(cluster.join_now(id), member_of(id));
  for (int i = 0; i < 50; ++i) cluster.client(kA);
  cluster.world.run_for(Millis(3000));
  const auto promoted = cluster.change({{Kind::kAddVoter, member_of(kB)}, {Kind::kAddVoter, member_of(kC)}});
  ASSERT_TRUE(promoted) << promoted.error().message;
  cluster.world.run_for(Millis(1000));
  EXPECT_EQ(cluster.at(kA).quorum.membership().voters.size(), 3u);
  cluster.crash(kA);
  cluster.world.run_for(Millis(5000));
  ASSERT_TRUE(cluster.leader()) << "the others must go on without the founder";
  cluster.heal_and_check();
  EXPECT_EQ(cluster.answered.size(), 351u);
}

// One, three, five, and by hand back to three, under load, with a power cut at each step.
TEST_F(QuorumMembers, GrowToFiveByThemselvesAndAreRemovedByHand) {
  Cluster cluster(11, 1, 5);
  cluster.faults = {0.01, 0.01, Millis(5), Millis(1)};
  cluster.crash(kA);
  cluster.keep_voters = keepers(5);
  cluster.power_on(kA);
  std::set<std::size_t> sizes;
  const auto note = [&] {
    Life* const leader = cluster.leader();
    if (leader && leader->quorum.membership().outgoing.empty()) sizes.insert(leader->quorum.membership().voters.size());
  };
  cluster.world.run_for(Millis(500));
  for (const BrokerId id : {kB, kC, kD, kE}) {
    cluster.join_now(id);
    for (int i = 0; i < 40; ++i) load(cluster, 4), note();
    cluster.crash(cluster.leader()->id);
    cluster.world.run_for(Millis(100));
    for (const BrokerId each : cluster.brokers) cluster.power_on(each);
    settle(cluster);
  }
  for (int i = 0; i < 100; ++i) load(cluster, 4), note();
  EXPECT_EQ(sizes, (std::set<std::size_t>{1, 3, 5}));
  for (int left = 5; left > 3; --left) {
    const auto& voters = cluster.leader()->quorum.membership().voters;
    const MemberId leads = cluster.leader()->quorum.self();
    const MemberId leaver = left == 5 ? leads : voters[voters[0] == leads];
    Result<> removed = fail(ErrorCode::kNotController);
    for (int i = 0; i < 100 && !removed; ++i) {
      if (cluster.leader()) removed = remove(cluster, leaver);
      load(cluster, 20);
    }
    ASSERT_TRUE(removed || removed.error().code == ErrorCode::kVoterNotFound) << removed.error().message;
    settle(cluster);
    EXPECT_FALSE(cluster.leader()->quorum.membership().has(leaver));
  }
  EXPECT_EQ(cluster.leader()->quorum.membership().voters.size(), 3u);
  EXPECT_GT(cluster.answered.size(), 400u);
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, AJoinerIsTheSameMemberHoweverOftenItAsks) {
  Cluster cluster(3, 1, 2);
  cluster.faults = kCalm;
  settle(cluster);
  const MemberId first = cluster.join_now(kB);
  settle(cluster);
  const auto again = ask(cluster, &Quorum::add_learner, cluster.self_of(kB));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, first);
  const Offset last = cluster.leader()->quorum.position().last;
  EXPECT_TRUE(ask(cluster, &Quorum::add_learner, cluster.self_of(kB)));
  EXPECT_EQ(cluster.leader()->quorum.position().last, last) << "nothing to write";
  Member stranger = cluster.self_of(kB);
  stranger.directory = {};
  EXPECT_EQ(ask(cluster, &Quorum::add_learner, stranger).error().code, ErrorCode::kInvalidRequest);
  stranger.directory = {9, 9};
  EXPECT_EQ(ask(cluster, &Quorum::add_learner, stranger).error().code, ErrorCode::kDuplicateBrokerRegistration)
      << "two nodes with one id: the other is alive";
  for (int i = 0; i < 1000; ++i) stranger.endpoints["LISTENER" + std::to_string(i)] = {"host", 1};
  EXPECT_EQ(ask(cluster, &Quorum::add_learner, stranger).error().code, ErrorCode::kInvalidRequest) << "too large";
}

TEST_F(QuorumMembers, WhoMovesIsFoundByEverybodyAndAfterRestartsAndSnapshots) {
  Cluster cluster(5, 3, 4);
  cluster.faults = kCalm;
  settle(cluster);
  for (const BrokerId id : {kA, kB, kC}) {
    Member member = cluster.self_of(id);
    member.endpoints["CONTROLLER"].host = "new" + std::to_string(id.value);
    const auto moved = ask(cluster, &Quorum::update_member, member);
    ASSERT_TRUE(moved) << moved.error().message;
    settle(cluster);
  }
  EXPECT_EQ(cluster.leader()->quorum.membership().voters.size(), 3u) << "everybody keeps the role";
  Member liar = cluster.self_of(kB);
  liar.directory = {9, 9};
  EXPECT_EQ(ask(cluster, &Quorum::update_member, liar).error().code, ErrorCode::kInconsistentVoterSet);
  liar.id = member_of(kB, 1);
  EXPECT_EQ(ask(cluster, &Quorum::update_member, liar).error().code, ErrorCode::kVoterNotFound);
  load(cluster, 300);    // snapshots
  cluster.join_now(kD);  // hears of it by a snapshot
  settle(cluster);
  EXPECT_GT(cluster.snapshots_sent, 0);
  for (const BrokerId id : cluster.brokers) {
    cluster.crash(id);
    cluster.power_on(id);
    settle(cluster);
  }
  for (const BrokerId id : cluster.brokers) {
    const Member* const b = cluster.at(id).quorum.members().find(member_of(kB));
    ASSERT_TRUE(b);
    EXPECT_EQ(b->endpoints.at("CONTROLLER").host, "new1");
    EXPECT_EQ(b->directory, cluster.self_of(kB).directory);
  }
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, AReplacedDiskTakesItsSeatAsANewMember) {
  Cluster cluster(13, 3);
  cluster.faults = kCalm;
  for (const BrokerId id : cluster.brokers) cluster.crash(id);
  cluster.keep_voters = keepers(3);
  for (const BrokerId id : cluster.brokers) cluster.power_on(id);
  settle(cluster);
  load(cluster, 100);
  for (std::uint32_t disk = 1; disk <= 3; ++disk) {
    cluster.replace_disk(kC);
    cluster.world.run_for(Millis(400));
    EXPECT_EQ(cluster.join_now(kC), member_of(kC, disk));
    EXPECT_TRUE(cluster.leader()->quorum.membership().is_voter(member_of(kC, disk - 1)));
    EXPECT_TRUE(cluster.leader()->quorum.membership().is_learner(member_of(kC, disk)));
    load(cluster, 300);
    settle(cluster);
    std::vector<MemberId> expected{member_of(kA), member_of(kB), member_of(kC, disk)};
    EXPECT_EQ(cluster.leader()->quorum.membership().voters, expected);
    EXPECT_EQ(cluster.leader()->quorum.membership().learners, std::vector<MemberId>{});
    cluster.crash(kC);  // its log knows whose it is, after any number of snapshots
    cluster.power_on(kC);
    settle(cluster);
    EXPECT_EQ(cluster.at(kC).quorum.self(), member_of(kC, disk));
  }
  cluster.heal_and_check();
}

// C's disk is gone, and D has its seat as soon as that is said: from then on the leader may go as well, in any moment.
TEST_F(QuorumMembers, AChangeIsAnsweredWhenItHoldsWithoutTheLeader) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Cluster cluster(seed, 3, 4);
    lose_the_disk_of_c(cluster);
    SCOPED_TRACE("seed " + std::to_string(seed));
    change_and_lose_the_leader(cluster, {{Kind::kRemove, member_of(kC)}, {Kind::kAddVoter, member_of(kD)}});
    if (HasFatalFailure()) return;
  }
}

// The same for a change of one: two voters become three, and one of the two goes.
TEST_F(QuorumMembers, AVoterThatWasAddedVotesAtOnce) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Cluster cluster(seed, 2, 3);
    cluster.faults = kCalm;
    settle(cluster);
    cluster.join_now(kC);
    settle(cluster);
    SCOPED_TRACE("seed " + std::to_string(seed));
    change_and_lose_the_leader(cluster, {{Kind::kAddVoter, member_of(kC)}});
    if (HasFatalFailure()) return;
  }
}

// One disk after the other is lost, with a seat taken over in between: never two at once. Power loss must not bring
// back the members of before, of whom two are gone.
TEST_F(QuorumMembers, ASeatThatWasTakenIsKnownAfterPowerLoss) {
  Cluster cluster(41, 3, 4);
  lose_the_disk_of_c(cluster);
  ASSERT_TRUE(cluster.change({{Kind::kRemove, member_of(kC)}, {Kind::kAddVoter, member_of(kD)}}));
  cluster.world.run_for(Millis(500));
  ASSERT_TRUE(cluster.leader()->quorum.membership().outgoing.empty());
  for (const BrokerId id : cluster.brokers) cluster.crash(id);
  cluster.replace_disk(kB);
  for (const BrokerId id : cluster.brokers) cluster.power_on(id);
  settle(cluster);
  ASSERT_TRUE(cluster.leader()) << cluster.describe();
  cluster.heal_and_check();
}

// A and B have acknowledged something that C never saw. B's disk is replaced, and A is off for a while: if B's new disk
// had B's old id, C and B would make a majority without it.
TEST_F(QuorumMembers, AReplacedDiskNeverVotesWithAmnesia) {
  Cluster cluster(17, 3);
  cluster.faults = kCalm;
  settle(cluster);
  if (cluster.leader()->id != kA) {
    ASSERT_TRUE(cluster.leader()->quorum.transfer_leadership(member_of(kA)));
    settle(cluster);
  }
  ASSERT_EQ(cluster.leader()->id, kA);
  for (const BrokerId id : {kA, kB}) cluster.cut.insert({id, kC}), cluster.cut.insert({kC, id});
  load(cluster, 10);
  cluster.world.run_for(Millis(200));
  ASSERT_EQ(cluster.answered.size(), 10u);
  cluster.replace_disk(kB);
  cluster.world.run_for(Millis(20));
  const Instant deadline = cluster.world.clock.now() + Millis(100);
  const auto early = cluster.world.run(cluster.at(kA).quorum.add_learner(cluster.self_of(kB), deadline));
  if (early) {  // whoever gives an id without asking a majority has given the old one
    cluster.crash(kA);
    cluster.cut.clear();
    cluster.adopt(kB, *early);
    cluster.world.run_for(Millis(3000));
    EXPECT_FALSE(cluster.leader()) << "a voter that has forgotten made a majority";
  }
  EXPECT_FALSE(early) << "there is no majority that could agree to it";
  cluster.cut.clear();
  cluster.power_on(kA);
  settle(cluster);
  if (!cluster.has_joined(kB)) cluster.join_now(kB);
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, ALeaderThatIsRemovedHandsOverFirst) {
  Cluster cluster(19, 3);
  cluster.faults = kCalm;
  settle(cluster);
  load(cluster, 20);
  const MemberId leaver = cluster.leader()->quorum.self();
  const auto first = remove(cluster, leaver);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kNotController);
  EXPECT_NE(first.error().message.find("hands over"), std::string::npos) << first.error().message;
  cluster.world.run_for(Millis(100));  // far below an election timeout
  ASSERT_TRUE(cluster.leader());
  ASSERT_NE(cluster.leader()->quorum.self(), leaver);
  const auto second = remove(cluster, leaver);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE(cluster.leader()->quorum.membership().has(leaver));
  EXPECT_EQ(cluster.leader()->quorum.members().standing(leaver, {}), MemberTable::Standing::kReplaced);
  EXPECT_EQ(remove(cluster, leaver).error().code, ErrorCode::kVoterNotFound);
  EXPECT_EQ(cluster.join_now(broker_of(leaver)), member_of(broker_of(leaver), 1)) << "with its memory wiped";
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, ALeaderThatIsAloneCannotBeRemoved) {
  Cluster cluster(19, 1);
  cluster.faults = kCalm;
  settle(cluster);
  EXPECT_EQ(remove(cluster, member_of(kA)).error().code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(cluster.leader());
}

// Whose vote was taken by request does not get it back by itself: not while fewer vote than are wanted, not after
// restarts and snapshots, not under a new leader, and not with another disk.
TEST_F(QuorumMembers, AVoterThatIsDismissedFollowsUntilItIsAskedAgain) {
  Cluster cluster(53, 3);
  cluster.faults = kCalm;
  for (const BrokerId id : cluster.brokers) cluster.crash(id);
  cluster.keep_voters = keepers(3);
  for (const BrokerId id : cluster.brokers) cluster.power_on(id);
  settle(cluster);
  for (const BrokerId id : cluster.brokers) ASSERT_TRUE(ask(cluster, &Quorum::update_member, cluster.self_of(id)));
  const auto ask_for = [&](Task<Result<>> (Quorum::*what)(VoterKey, Instant), BrokerId node) {
    const auto leader = cluster.life(cluster.leader()->id);
    const VoterKey key{node, cluster.self_of(node).directory};
    return cluster.world.run((leader->quorum.*what)(key, cluster.world.clock.now() + Millis(5000)));
  };
  const BrokerId leaver = cluster.leader()->id;
  EXPECT_EQ(ask_for(&Quorum::add_voter, leaver).error().code, ErrorCode::kDuplicateVoter);
  EXPECT_EQ(ask_for(&Quorum::dismiss_voter, leaver).error().code, ErrorCode::kNotController) << "hands over first";
  settle(cluster);
  ASSERT_NE(cluster.leader()->id, leaver);
  const auto dismissed = ask_for(&Quorum::dismiss_voter, leaver);
  ASSERT_TRUE(dismissed) << dismissed.error().message;
  EXPECT_EQ(ask_for(&Quorum::dismiss_voter, leaver).error().code, ErrorCode::kVoterNotFound);
  const auto follows = [&] { return cluster.leader()->quorum.membership().learners.size() == 1; };
  load(cluster, 300);  // snapshots, and time for the keepers
  EXPECT_TRUE(follows());
  for (const BrokerId id : cluster.brokers) cluster.crash(id);
  for (const BrokerId id : cluster.brokers) cluster.power_on(id);
  settle(cluster);
  load(cluster, 300);
  EXPECT_TRUE(follows());
  settle(cluster);
  EXPECT_EQ(cluster.at(leaver).lines, cluster.leader()->lines) << "it hears of everything";
  cluster.replace_disk(leaver);
  cluster.world.run_for(Millis(1500));
  cluster.join_now(leaver);
  load(cluster, 300);
  EXPECT_TRUE(follows());
  const auto added = ask_for(&Quorum::add_voter, leaver);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(cluster.leader()->quorum.membership().voters.size(), 3u);
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, ALearnerOfANodeThatWasRemovedIsNotGivenAVote) {
  Cluster cluster(59, 1, 3);
  cluster.faults = kCalm;
  cluster.crash(kA);
  cluster.keep_voters = keepers(3);
  cluster.power_on(kA);
  settle(cluster);
  for (const BrokerId id : {kB, kC}) {
    cluster.join_now(id);
    const auto leader = cluster.life(kA);
    const Instant deadline = cluster.world.clock.now() + Millis(5000);
    ASSERT_TRUE(cluster.world.run(leader->quorum.dismiss_learners(id, deadline)));
  }
  load(cluster, 600);
  EXPECT_EQ(cluster.leader()->quorum.membership().voters.size(), 1u);
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, OnlyMembersOfTheTableAreGivenRoles) {
  Cluster cluster(19, 3);
  cluster.faults = kCalm;
  settle(cluster);
  EXPECT_EQ(cluster.change({{Kind::kAddVoter, member_of(kD)}}).error().code, ErrorCode::kVoterNotFound);
  EXPECT_EQ(cluster.change({{Kind::kAddVoter, kNoMember}}).error().code, ErrorCode::kVoterNotFound);
  EXPECT_EQ(cluster.change({}).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(cluster.leader()->quorum.transfer_leadership(member_of(kD)).error().code, ErrorCode::kVoterNotFound);
}

}  // namespace
}  // namespace thalweg::raft
