// What tests of the quorum's members share.
#pragma once

#include <gtest/gtest.h>

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
};

}  // namespace thalweg::raft::testing
