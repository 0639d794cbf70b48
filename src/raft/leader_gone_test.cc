// A leader that stops, or whose process is gone, and what it knows of the others before.
#include <gtest/gtest.h>

#include <algorithm>

#include "raft/testing_members.h"

namespace thalweg::raft {
namespace {

using namespace testing;

TEST_F(QuorumMembers, ALeaderThatIsToStopHandsOver) {
  Cluster cluster(43, 3);
  cluster.faults = kCalm;
  settle(cluster);
  load(cluster, 20);
  const auto hand_over = [&](BrokerId id, Millis within) {
    const auto life = cluster.life(id);
    return cluster.world.run(life->quorum.hand_over(cluster.world.clock.now() + within));
  };
  const BrokerId old = cluster.leader()->id;
  EXPECT_TRUE(hand_over(old == kA ? kB : kA, Millis(0))) << "there is nothing to hand over";
  const Instant begun = cluster.world.clock.now();
  EXPECT_TRUE(hand_over(old, Millis(500)));
  EXPECT_LT(cluster.world.clock.now() - begun, Millis(100));
  settle(cluster);
  EXPECT_NE(cluster.leader()->id, old);
  cluster.heal_and_check();
}

// It goes on with its heartbeats, which need no disk, so nobody else would ever lead; and it applies nothing.
TEST_F(QuorumMembers, ALeaderWhoseDiskTakesNothingHandsOver) {
  for (const bool full : {false, true}) {
    Cluster cluster(59, 3);
    cluster.faults = kCalm;
    settle(cluster);
    load(cluster, 20);
    const auto old = cluster.life(cluster.leader()->id);
    bool stands_still = !full;
    old->disk.full = full;
    const auto writes = std::exchange(old->disk.before_durable_write, [&]() -> Task<> {
      while (stands_still) co_await cluster.world.clock.sleep_for(Millis(10));
    });
    load(cluster, 1000);
    const std::size_t answered = cluster.answered.size();
    load(cluster, 20);
    settle(cluster);
    ASSERT_TRUE(cluster.leader()) << cluster.describe();
    EXPECT_NE(cluster.leader()->id, old->id) << (full ? "full" : "standing still");
    EXPECT_GE(cluster.answered.size(), answered + 20);
    stands_still = old->disk.full = false;
    settle(cluster);
    old->disk.before_durable_write = writes;
    cluster.heal_and_check();
  }
}

// Two of three, and one of them takes nothing: nothing can be decided whoever leads.
TEST_F(QuorumMembers, ALeaderWithoutWhomNothingCanBeDecidedStays) {
  Cluster cluster(61, 3);
  cluster.faults = kCalm;
  settle(cluster);
  const auto old = cluster.life(cluster.leader()->id);
  const Leadership before = old->quorum.leader();
  cluster.crash(old->id == kA ? kB : kA);
  old->disk.full = true;
  load(cluster, 1000);
  EXPECT_EQ(old->quorum.leader(), before);
  old->disk.full = false;
  cluster.world.run_for(Millis(1500));
  load(cluster, 20);
  EXPECT_EQ(old->quorum.leader(), before);
  cluster.heal_and_check();
}

TEST_F(QuorumMembers, ALeaderThatIsAloneKeepsWhatItHas) {
  Cluster cluster(47, 1);
  cluster.faults = kCalm;
  settle(cluster);
  const auto life = cluster.life(kA);
  EXPECT_FALSE(cluster.world.run(life->quorum.hand_over(cluster.world.clock.now() + Millis(500))));
  EXPECT_TRUE(life->quorum.is_leader());
}

TEST_F(QuorumMembers, TheLeaderKnowsHowFarEverybodyIsAndSinceWhen) {
  Cluster cluster(23, 3);
  cluster.faults = kCalm;
  settle(cluster);
  Life& leader = *cluster.leader();
  const BrokerId lagging = leader.id == kC ? kB : kC;
  const auto of = [&](BrokerId id) {
    for (const MemberProgress& one : leader.quorum.progress())
      if (one.member.node == id) return one;
    return MemberProgress{};
  };
  load(cluster, 20);
  cluster.world.run_for(Millis(100));
  for (const BrokerId id : cluster.brokers) {
    const MemberProgress one = of(id);
    EXPECT_TRUE(one.voter);
    EXPECT_EQ(one.match, leader.quorum.position().last) << id.value;
    ASSERT_TRUE(one.last_contact && one.last_caught_up);
    EXPECT_LT(cluster.world.clock.now() - *one.last_contact, Millis(50));
    EXPECT_LT(cluster.world.clock.now() - *one.last_caught_up, Millis(50));
  }
  const Instant cut_at = cluster.world.clock.now();
  cluster.cut = {{lagging, leader.id}, {leader.id, lagging}};
  load(cluster, 100);
  EXPECT_LT(of(lagging).match, leader.quorum.position().last);
  EXPECT_LT(*of(lagging).last_contact, cut_at + Millis(20));
  EXPECT_LT(*of(lagging).last_caught_up, cut_at + Millis(20));
  cluster.cut.clear();
  cluster.world.run_for(Millis(500));
  ASSERT_TRUE(leader.quorum.is_leader());
  EXPECT_EQ(of(lagging).match, leader.quorum.position().last);
  for (const BrokerId id : cluster.brokers)
    if (id != leader.id) EXPECT_TRUE(cluster.at(id).quorum.progress().empty());
}

// Under a load that never ends a follower never has all, and is yet seen to be close behind.
TEST_F(QuorumMembers, AFollowerIsCaughtUpAlthoughTheLogGoesOn) {
  Cluster cluster(29, 3);
  cluster.faults = {0, 0, Millis(3), Millis(6)};
  settle(cluster);
  Life& leader = *cluster.leader();
  for (int i = 0; i < 500; ++i) {
    cluster.client(leader.id);
    cluster.world.run_for(Millis(1));
    if (i < 100) continue;
    for (const MemberProgress& one : leader.quorum.progress())
      ASSERT_LT(cluster.world.clock.now() - *one.last_caught_up, Millis(200)) << one.member.node.value;
  }
}

// The kill of a leader as the others see it: the connection ends at once, and a few attempts to connect later each
// knows that its process is gone.
Millis gap_after_a_kill(std::uint64_t seed, int voters) {
  Cluster cluster(seed, voters);
  cluster.faults = {0, 0, Millis(3), Millis(2)};
  cluster.world.run_for(Millis(1000));
  for (int i = 0; i < 100; ++i) {
    cluster.client(cluster.leader()->id);
    cluster.world.run_for(Millis(1));
  }
  const MemberId gone = cluster.leader()->quorum.self();
  cluster.crash(broker_of(gone));
  const Instant killed = cluster.world.clock.now();
  for (const BrokerId id : cluster.brokers) {
    if (!cluster.is_up(id)) continue;
    const auto life = cluster.life(id);
    // After what the leader had sent before: that is read before the end of its connection is.
    const Instant noticed = killed + Millis(4 + cluster.world.random.below(37));
    cluster.timers.push_back(cluster.world.clock.call_at(noticed, [life, gone] { life->quorum.leader_gone(gone); }));
  }
  while (!cluster.leader() && cluster.world.clock.now() < killed + Millis(2000)) cluster.world.run_for(Millis(1));
  const auto gap = std::chrono::duration_cast<Millis>(cluster.world.clock.now() - killed);
  if (seed % 10 == 0) cluster.heal_and_check();
  return gap;
}

TEST_F(QuorumMembers, ElectsSoonAfterTheProcessOfTheLeaderIsGone) {
  for (const auto [voters, bound] : {std::pair{3, Millis(150)}, std::pair{5, Millis(200)}}) {
    Millis worst{0}, sum{0};
    constexpr int kRuns = 15;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
      const Millis gap = gap_after_a_kill(seed, voters);
      EXPECT_LT(gap, bound) << "seed " << seed << ", " << voters << " voters";
      worst = std::max(worst, gap);
      sum += gap;
    }
    std::printf("%d voters: a new leader after %ld ms on average, %ld at most\n", voters,
                static_cast<long>(sum.count() / kRuns), static_cast<long>(worst.count()));
  }
}

TEST_F(QuorumMembers, OneThatBelievesItsLeaderGoneByMistakeChangesNothing) {
  Cluster cluster(31, 3);
  cluster.faults = kCalm;
  settle(cluster);
  const Leadership before = cluster.leader()->quorum.leader();
  const BrokerId mistaken = before.leader == kC ? kB : kC;
  for (int i = 0; i < 100; ++i) {
    cluster.at(mistaken).quorum.leader_gone(before.member);
    load(cluster, 5);
  }
  cluster.world.run_for(Millis(100));
  EXPECT_EQ(cluster.leader()->quorum.leader(), before);
  EXPECT_EQ(cluster.at(mistaken).quorum.leader(), before) << "it follows again";
  EXPECT_EQ(cluster.answered.size(), 500u);
  cluster.at(before.leader).quorum.leader_gone(before.member);
  EXPECT_TRUE(cluster.leader()) << "a leader knows better";
}

// All of them at once, over and over: elections, and nothing else.
TEST_F(QuorumMembers, FalseReportsThatTheLeaderIsGoneLoseNothing) {
  int elections = 0;
  for (std::uint64_t seed = 1; seed <= 10 && !HasFailure(); ++seed) {
    Cluster cluster(seed, 3);
    cluster.faults.delay_max = Millis(3);
    cluster.world.run_for(Millis(1000));
    for (int i = 0; i < 300; ++i) {
      cluster.client(cluster.any());
      const double believed = cluster.chance(0.07) ? 0.8 : 0.02;
      for (const BrokerId id : cluster.brokers)
        if (cluster.chance(believed)) cluster.at(id).quorum.leader_gone(cluster.at(id).quorum.leader().member);
      cluster.world.run_for(Millis(1 + cluster.world.random.below(10)));
    }
    elections += cluster.elections;
    EXPECT_GT(cluster.answered.size(), 20u);
    cluster.heal_and_check();
  }
  EXPECT_GT(elections, 20) << "the reports must be believed, else this proves nothing";
}

// What transport.h says of snapshots: one at a time to a member, and again when it was given up.
TEST_F(QuorumMembers, ASnapshotIsSentOnceUntilItsTransportSaysWhatBecameOfIt) {
  Cluster cluster(37, 1, 2);
  cluster.faults = kCalm;
  settle(cluster);
  load(cluster, 200);
  cluster.hold_snapshots = true;
  cluster.join_now(kB);
  settle(cluster);
  load(cluster, 200);  // newer snapshots take the place of the one that is under way
  ASSERT_EQ(cluster.held.size(), 1u);
  const PeerMessage first = cluster.held.front();
  ASSERT_TRUE(first.snapshot);
  EXPECT_EQ(first.to, member_of(kB));
  Quorum& leader = cluster.leader()->quorum;
  EXPECT_LT(first.snapshot->index, leader.position().base);
  EXPECT_EQ(cluster.at(kB).lines.size(), 0u) << "it knows nothing of what is under way";
  const auto& piece = std::get<FilePiece>(first.image.front());
  std::vector<std::byte> image(piece.size);
  const auto read = std::dynamic_pointer_cast<File>(piece.source)->read_now(piece.position, image);
  ASSERT_TRUE(read) << "readable although a newer one has taken its place";
  EXPECT_EQ(*read, piece.size);
  leader.snapshot_sent(first.to, false);
  settle(cluster);
  ASSERT_EQ(cluster.held.size(), 2u);
  EXPECT_GT(cluster.held.back().snapshot->index, first.snapshot->index);
  // The old one is still good for a joiner that has nothing, as the new one would be.
  const auto taken = cluster.at(kB).quorum.receive(leader.self(), first.body, SharedBytes::take(std::move(image)));
  EXPECT_TRUE(taken) << taken.error().message;
  cluster.hold_snapshots = false;
  leader.snapshot_sent(first.to, false);
  settle(cluster);
  EXPECT_EQ(cluster.at(kB).lines, cluster.at(kA).lines);
  cluster.heal_and_check();
}

}  // namespace
}  // namespace thalweg::raft
