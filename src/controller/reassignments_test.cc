#include "controller/reassignments.h"

#include <gtest/gtest.h>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using Replicas = std::optional<std::vector<BrokerId>>;

class ReassignmentsTest : public ::testing::Test {
 protected:
  ReassignmentsTest() {
    for (int id = 1; id <= 4; ++id) epochs_[id] = controller_.start_broker(id);
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = topic.replication_factor = -1;
    topic.assignments.push_back({PartitionId{0}, ids({1, 2})});
    controller_.ask<protocol::CreateTopicsResponse>(request);
  }

  ErrorCode alter(Replicas replicas, bool may_change_count = true, const std::string& topic = "orders", int id = 0) {
    protocol::AlterPartitionReassignmentsRequest request;
    request.allow_replication_factor_change = may_change_count;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    auto& partition = wanted.partitions.emplace_back();
    partition.partition_index = PartitionId{id};
    partition.replicas = std::move(replicas);
    const auto response = controller_.ask<protocol::AlterPartitionReassignmentsResponse>(request);
    return response.responses.at(0).partitions.at(0).error_code;
  }
  // The leader says who is in sync.
  void in_sync(std::vector<BrokerId> isr) {
    controller_.ask<protocol::AlterPartitionResponse>(controller_.alteration("orders", 0, isr));
  }
  auto listed() {
    return list_partition_reassignments(controller_.image(), protocol::ListPartitionReassignmentsRequest()).topics;
  }
  const metadata::Partition& orders() const { return controller_.partition("orders", 0); }

  Controller controller_;
  std::map<int, std::int64_t> epochs_;
};

TEST_F(ReassignmentsTest, OldReplicasStayUntilTheNewOnesAreInSync) {
  EXPECT_EQ(alter(ids({3, 4})), ErrorCode::kNone);
  EXPECT_EQ(orders().replicas, ids({3, 4, 1, 2}));
  EXPECT_EQ(orders().leader, BrokerId{1});
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed()[0].partitions.at(0).adding_replicas, ids({3, 4}));
  EXPECT_EQ(listed()[0].partitions.at(0).removing_replicas, ids({1, 2}));

  in_sync(ids({1, 2, 3}));
  EXPECT_EQ(orders().replicas, ids({3, 4, 1, 2}));
  in_sync(ids({1, 2, 3, 4}));
  EXPECT_EQ(orders().replicas, ids({3, 4}));
  EXPECT_EQ(orders().isr, ids({3, 4}));
  EXPECT_EQ(orders().leader, BrokerId{3});
  EXPECT_TRUE(listed().empty());
}

// Apache Kafka 4.3.1 (KAFKA-19975): where more replicas leave than come, all that stay have to be in sync.
TEST_F(ReassignmentsTest, FewerReplicasWaitUntilAllThatStayAreInSync) {
  alter(ids({1, 2, 3, 4}));
  in_sync(ids({1, 2, 3, 4}));
  ASSERT_FALSE(orders().reassigning());
  in_sync(ids({1}));
  EXPECT_EQ(alter(ids({1, 2, 3})), ErrorCode::kNone);
  EXPECT_TRUE(orders().reassigning()) << "else one of three would be in sync";
  in_sync(ids({1, 2}));
  EXPECT_TRUE(orders().reassigning());
  in_sync(ids({1, 2, 3}));
  EXPECT_EQ(orders().replicas, ids({1, 2, 3}));
}

// A replica that stays and is not in sync does not hold up one that comes for one that goes.
TEST_F(ReassignmentsTest, ASickReplicaThatStaysHoldsNoMoveUp) {
  alter(ids({1, 2, 3}));
  in_sync(ids({1, 2, 3}));
  in_sync(ids({1, 2}));  // 3 is sick
  EXPECT_EQ(alter(ids({1, 3, 4})), ErrorCode::kNone);
  in_sync(ids({1, 2, 4}));
  EXPECT_FALSE(orders().reassigning());
  EXPECT_EQ(orders().replicas, ids({1, 3, 4}));
  EXPECT_EQ(orders().isr, ids({1, 4}));
}

TEST_F(ReassignmentsTest, TheEndOfAMoveTellsAnOldLeaderThatAnotherWasElected) {
  alter(ids({3, 4}));
  auto request = controller_.alteration("orders", 0, ids({1, 2, 3, 4}));
  for (auto& [id, broker_epoch] : request.topics[0].partitions[0].new_isr_with_epochs) broker_epoch = epochs_[id.value];
  const auto epoch = orders().leader_epoch;
  ASSERT_EQ(orders().leader, BrokerId{1});
  EXPECT_EQ(controller_.alter(request).error_code, ErrorCode::kNewLeaderElected);
  EXPECT_EQ(orders().replicas, ids({3, 4}));
  EXPECT_GT(orders().leader_epoch, epoch);
}

TEST_F(ReassignmentsTest, ANewTargetTakesThePlaceOfTheOneUnderWay) {
  alter(ids({3, 4}));
  EXPECT_EQ(alter(ids({1, 3})), ErrorCode::kNone);
  EXPECT_EQ(orders().adding_replicas, ids({3}));
  in_sync(ids({1, 2, 3}));
  EXPECT_EQ(orders().replicas, ids({1, 3}));
  EXPECT_EQ(orders().leader, BrokerId{1});
}

TEST_F(ReassignmentsTest, CancellingReturnsToTheOldReplicas) {
  EXPECT_EQ(alter(std::nullopt), ErrorCode::kNoReassignmentInProgress);
  alter(ids({3, 4}));
  in_sync(ids({1, 2, 3}));
  EXPECT_EQ(alter(std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(orders().replicas, ids({1, 2}));
  EXPECT_EQ(orders().isr, ids({1, 2}));
  EXPECT_FALSE(orders().reassigning());
}

TEST_F(ReassignmentsTest, CancellingLosesNoDataUnlessTheTopicAllowsIt) {
  alter(ids({3, 4}));
  in_sync(ids({1, 3}));
  controller_.heartbeat(1, true);  // gone, and with it the last of the old replicas in sync
  ASSERT_EQ(orders().isr, ids({3}));
  EXPECT_EQ(alter(std::nullopt), ErrorCode::kInvalidReplicaAssignment);

  protocol::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = 2;
  resource.resource_name = "orders";
  resource.configs.push_back({"unclean.leader.election.enable", 0, "true"});
  controller_.ask<protocol::IncrementalAlterConfigsResponse>(request);
  EXPECT_EQ(alter(std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_EQ(orders().isr, ids({2}));
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovering);
}

TEST_F(ReassignmentsTest, WhereItIsAlreadyNothingIsAppended) {
  const auto before = controller_.log().size();
  EXPECT_EQ(alter(ids({1, 2})), ErrorCode::kNone);
  EXPECT_EQ(controller_.log().size(), before);
}

TEST_F(ReassignmentsTest, TheReplicationFactorStaysWhenAskedTo) {
  EXPECT_EQ(alter(ids({1, 2, 3}), false), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(alter(ids({3, 4}), false), ErrorCode::kNone);
  EXPECT_EQ(alter(ids({1}), false), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(alter(ids({1})), ErrorCode::kNone);
  EXPECT_EQ(orders().replicas, ids({1}));  // it is in sync: done at once
}

TEST_F(ReassignmentsTest, RefusesWhatIsNotThere) {
  EXPECT_EQ(alter(ids({1, 9})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(alter(ids({})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(alter(ids({1, 1})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(alter(ids({1}), true, "nosuch"), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(alter(ids({1}), true, "orders", 5), ErrorCode::kUnknownTopicOrPartition);
}

}  // namespace
}  // namespace thalweg::controller
