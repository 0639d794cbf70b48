#include "replication/replica_selector.h"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg::replication {
namespace {

using namespace std::chrono_literals;

const std::vector<ReadableReplica> kOthers{{BrokerId{2}, "east", Offset{10}, 5s},
                                           {BrokerId{3}, "west", Offset{10}, 5s},
                                           {BrokerId{4}, "west", Offset{12}, 1s},
                                           {BrokerId{5}, "", Offset{20}, 9s}};

TEST(ReplicaSelector, SendsAConsumerToItsRack) { EXPECT_EQ(replica_in_rack("east", "north", kOthers), BrokerId{2}); }
TEST(ReplicaSelector, PrefersTheLeaderWhereItIsInTheRack) {
  EXPECT_EQ(replica_in_rack("west", "west", kOthers), std::nullopt);
}
TEST(ReplicaSelector, StaysAtTheLeaderWhereNobodyIsInTheRack) {
  EXPECT_EQ(replica_in_rack("south", "north", kOthers), std::nullopt);
  EXPECT_EQ(replica_in_rack("", "north", kOthers), std::nullopt) << "nor where the consumer has none";
}
TEST(ReplicaSelector, OfSeveralTakesTheOneThatHasMost) {
  EXPECT_EQ(replica_in_rack("west", "north", kOthers), BrokerId{4});
  auto others = kOthers;
  others[2].end = Offset{10};
  EXPECT_EQ(replica_in_rack("west", "north", others), BrokerId{3}) << "that was caught up last";
}

}  // namespace
}  // namespace thalweg::replication
