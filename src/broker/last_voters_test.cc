#include "broker/last_voters.h"

#include <gtest/gtest.h>

namespace thalweg::broker {
namespace {

TEST(LastVoters, CanDecideWhileMoreThanHalfAreThere) {
  const raft::Membership three{.voters = {1, 2, 3}};
  EXPECT_TRUE(can_decide(three, {}));
  EXPECT_TRUE(can_decide(three, {2}));
  EXPECT_FALSE(can_decide(three, {2, 3}));
  EXPECT_TRUE(can_decide(three, {7, 8})) << "learners do not count";
  EXPECT_FALSE(can_decide({.voters = {1, 2}}, {2}));
  EXPECT_TRUE(can_decide({}, {1})) << "a joiner that has heard of nobody yet";
}

TEST(LastVoters, CanDecideInAChangeOnlyWithBothSets) {
  const raft::Membership change{.voters = {1, 2, 3}, .outgoing = {1}};
  EXPECT_FALSE(can_decide(change, {2, 3}));
  EXPECT_FALSE(can_decide(change, {1}));
  EXPECT_TRUE(can_decide(change, {3}));
}

}  // namespace
}  // namespace thalweg::broker
