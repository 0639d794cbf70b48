// What tests of the quorum's members share.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/log.h"
#include "raft/testing_cluster.h"

namespace thalweg::raft::testing {

inline constexpr BrokerId kA{0}, kB{1}, kC{2}, kD{3}, kE{4};
inline constexpr Faults kCalm{0, 0, Millis(2), Millis(1)};
inline constexpr Faults kSlow{0.2, 0, Millis(50), Millis(4)};

class QuorumMembers : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(static_cast<log::Level>(static_cast<int>(log::Level::kError) + 1)); }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  static void settle(Cluster& cluster) { cluster.world.run_for(Millis(2000)); }
  static void load(Cluster& cluster, int count) {
    for (int i = 0; i < count; ++i) {
      if (Life* leader = cluster.leader()) cluster.client(leader->id);
      cluster.world.run_for(Millis(5));
    }
  }
  static VoterKeeperOptions keepers(int voters) {
    return {voters, Millis(50), Millis(150), Millis(2000), {Millis(500), Millis(3000)}, {}};
  }
  template <class Answer>
  static Answer ask(Cluster& cluster, Task<Answer> (Quorum::*what)(Member, Instant), Member member) {
    const auto leader = cluster.life(cluster.leader()->id);
    return cluster.world.run((leader->quorum.*what)(std::move(member), cluster.world.clock.now() + Millis(5000)));
  }
  static Result<> remove(Cluster& cluster, MemberId member) {
    const auto leader = cluster.life(cluster.leader()->id);
    return cluster.world.run(leader->quorum.remove_member(member, cluster.world.clock.now() + Millis(5000)));
  }
  // D is a learner that has all that A, B and C have, and then C's disk is another one. Neither is the leader.
  static void lose_the_disk_of_c(Cluster& cluster) {
    cluster.faults = kCalm;
    settle(cluster);
    load(cluster, 20);
    cluster.join_now(kD);
    settle(cluster);
    if (cluster.leader()->id == kC) ASSERT_TRUE(cluster.leader()->quorum.transfer_leadership(member_of(kA)));
    settle(cluster);
    cluster.replace_disk(kC);
  }
  // The leader goes in the moment in which it has answered; the others must go on without it.
  static void change_and_lose_the_leader(Cluster& cluster, std::vector<MemberChange> changes) {
    cluster.faults = kSlow;
    ASSERT_TRUE(cluster.change(std::move(changes)));
    cluster.crash(cluster.leader()->id);
    cluster.faults = kCalm;
    settle(cluster);
    settle(cluster);
    ASSERT_TRUE(cluster.leader()) << cluster.describe();
    cluster.heal_and_check();
  }
};

}  // namespace thalweg::raft::testing
