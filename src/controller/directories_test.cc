#include "controller/directories.h"

#include <gtest/gtest.h>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using testing::registration;

constexpr Uuid kDiskA{5, 1}, kDiskB{5, 2}, kElsewhere{5, 3};

// Broker 1 has two log directories; 2 and 3 have one.
class Directories : public ::testing::Test {
 protected:
  void SetUp() override {
    epoch_ = controller_.start_broker(1, {}, {1, 1}, {kDiskA, kDiskB});
    controller_.start_broker(2, {}, {1, 1}, {{5, 12}});
    controller_.start_broker(3, {}, {1, 1}, {{5, 13}});
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = topic.replication_factor = -1;
    for (int p = 0; p < 2; ++p) topic.assignments.push_back({PartitionId{p}, ids({1, 2, 3})});
    id_ = controller_.ask<protocol::CreateTopicsResponse>(request).topics.front().topic_id;
    EXPECT_EQ(assign(kDiskA, 0), ErrorCode::kNone);
    EXPECT_EQ(assign(kDiskB, 1), ErrorCode::kNone);
  }
  ErrorCode assign(Uuid directory, int partition, std::optional<Uuid> topic = {}, int broker = 1) {
    protocol::AssignReplicasToDirsRequest request;
    request.broker_id = BrokerId{broker};
    request.broker_epoch = controller_.image().broker(BrokerId{broker})->epoch;
    auto& wanted = request.directories.emplace_back();
    wanted.id = directory;
    wanted.topics.push_back({.topic_id = topic.value_or(id_), .partitions = {{PartitionId{partition}}}});
    const auto reply = controller_.ask<protocol::AssignReplicasToDirsResponse>(request);
    EXPECT_EQ(reply.error_code, ErrorCode::kNone);
    return reply.directories.at(0).topics.at(0).partitions.at(0).error_code;
  }
  protocol::BrokerHeartbeatResponse offline(std::vector<Uuid> directories) {
    protocol::BrokerHeartbeatRequest beat;
    beat.broker_id = BrokerId{1};
    beat.broker_epoch = controller_.image().broker(BrokerId{1})->epoch;
    beat.current_metadata_offset = controller_.log_end();
    beat.offline_log_dirs = std::move(directories);
    return controller_.ask<protocol::BrokerHeartbeatResponse>(beat);
  }
  void in_sync(int partition, std::vector<BrokerId> isr, ErrorCode expected) {
    EXPECT_EQ(controller_.alter(controller_.alteration("orders", partition, isr)).error_code, expected);
  }
  const metadata::Partition& orders(int partition) const { return controller_.partition("orders", partition); }

  Controller controller_;
  std::int64_t epoch_ = -1;
  Uuid id_;
};

TEST_F(Directories, TheBrokerSaysWhereItsReplicasLie) {
  EXPECT_EQ(orders(0).directory(BrokerId{1}), kDiskA);
  EXPECT_EQ(orders(1).directory(BrokerId{1}), kDiskB);
  EXPECT_EQ(orders(0).directory(BrokerId{2}), (Uuid{5, 12})) << "a broker's only one is known from the start";
  const auto epoch = orders(0).partition_epoch;
  EXPECT_EQ(assign(kDiskA, 0), ErrorCode::kNone);
  EXPECT_EQ(orders(0).partition_epoch, epoch) << "where it is already nothing is appended";
}

TEST_F(Directories, WhatIsNotThereIsSaidForEachPartition) {
  EXPECT_EQ(assign(kDiskA, 9), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(assign(kDiskA, 0, Uuid{9, 9}), ErrorCode::kUnknownTopicId);
  controller_.start_broker(4, {}, {1, 1}, {{5, 14}});
  EXPECT_EQ(assign({5, 14}, 0, {}, 4), ErrorCode::kNotLeaderOrFollower);
  protocol::AssignReplicasToDirsRequest stale;
  stale.broker_id = BrokerId{1};
  stale.broker_epoch = epoch_ - 1;
  EXPECT_EQ(controller_.ask<protocol::AssignReplicasToDirsResponse>(stale).error_code, ErrorCode::kStaleBrokerEpoch);
}

TEST_F(Directories, PartitionsOfADirectoryThatIsGoneAreLedByOthersInTheSameBatch) {
  ASSERT_EQ(orders(0).leader, BrokerId{1});
  const auto batches = controller_.batches().size();
  EXPECT_FALSE(offline({kDiskA}).is_fenced);
  EXPECT_EQ(controller_.batches().size(), batches + 1);
  EXPECT_EQ(controller_.image().broker(BrokerId{1})->log_dirs, std::vector{kDiskB});
  EXPECT_EQ(orders(0).leader, BrokerId{2});
  EXPECT_EQ(orders(0).isr, ids({2, 3}));
  EXPECT_EQ(orders(1).leader, BrokerId{1}) << "the other directory is well";
  offline({kDiskA});
  EXPECT_EQ(controller_.batches().size(), batches + 1) << "said again, it changes nothing";
  in_sync(0, ids({1, 2, 3}), ErrorCode::kIneligibleReplica);
}

TEST_F(Directories, AReplicaLeadsAgainWhenItsHungDirectoryIsBack) {
  controller_.heartbeat(3, true);
  controller_.heartbeat(2, true);
  offline({kDiskA});
  ASSERT_TRUE(orders(0).isr.empty());
  ASSERT_EQ(orders(0).leader, kNoBroker);
  ASSERT_EQ(orders(0).eligible_leader_replicas, ids({1}));
  // The disk answers: the same process registers with it, and has lost nothing.
  const auto again = controller_.ask<protocol::BrokerRegistrationResponse>(registration(1, {1, 1}, {kDiskA, kDiskB}));
  EXPECT_EQ(again.broker_epoch, epoch_);
  EXPECT_EQ(orders(0).leader, BrokerId{1});
  EXPECT_EQ(orders(0).leader_recovery, metadata::LeaderRecovery::kRecovered);
}

TEST_F(Directories, ABrokerWithoutAnyDirectoryIsFenced) {
  EXPECT_TRUE(offline({kDiskA, kDiskB}).is_fenced);
  EXPECT_TRUE(controller_.image().broker(BrokerId{1})->fenced);
  EXPECT_EQ(orders(1).leader, BrokerId{2});
  EXPECT_TRUE(offline({kDiskA, kDiskB}).is_fenced);
}

TEST_F(Directories, AReplicaThatGoesToADirectoryOfflineLeavesTheSet) {
  EXPECT_EQ(assign(kElsewhere, 0), ErrorCode::kNone);
  EXPECT_EQ(orders(0).directory(BrokerId{1}), kElsewhere);
  EXPECT_EQ(orders(0).isr, ids({2, 3}));
  EXPECT_EQ(orders(0).leader, BrokerId{2});
}

TEST_F(Directories, AReplicaThatBeganAnewElsewhereIsNotEligible) {
  controller_.heartbeat(3, true);
  controller_.heartbeat(2, true);
  ASSERT_EQ(orders(0).isr, ids({1}));
  offline({kDiskA});
  ASSERT_EQ(orders(0).eligible_leader_replicas, ids({1}));
  EXPECT_EQ(orders(0).leader, kNoBroker);
  EXPECT_EQ(assign(kDiskB, 0), ErrorCode::kNone);
  EXPECT_TRUE(orders(0).eligible_leader_replicas.empty());
  EXPECT_TRUE(orders(0).isr.empty() || orders(0).leader_recovery == metadata::LeaderRecovery::kRecovering);
}

// A disk that is not mounted, and an empty directory in its place.
TEST_F(Directories, WhatLiesInADirectoryThatIsNotHereWaitsForItWhereNobodyElseHasIt) {
  protocol::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "alone";
  topic.num_partitions = topic.replication_factor = -1;
  topic.assignments.push_back({PartitionId{0}, ids({1})});
  const Uuid id = controller_.ask<protocol::CreateTopicsResponse>(request).topics.front().topic_id;
  ASSERT_EQ(assign(kDiskA, 0, id), ErrorCode::kNone);
  const auto alone = [&]() -> const metadata::Partition& { return controller_.partition("alone", 0); };
  controller_.start_broker(1, {}, {2, 2}, {kElsewhere, kDiskB});
  EXPECT_EQ(alone().leader, kNoBroker) << "an empty log would take its place";
  EXPECT_EQ(alone().directory(BrokerId{1}), kDiskA);
  EXPECT_EQ(orders(0).directory(BrokerId{1}), metadata::kDirectoryUnassigned) << "others have it";
  EXPECT_EQ(orders(0).leader, BrokerId{2});
  controller_.start_broker(1, {}, {3, 3}, {kElsewhere, kDiskB});
  EXPECT_EQ(alone().leader, kNoBroker) << "started again, it is not here either";
  controller_.start_broker(1, {}, {4, 4}, {kDiskA, kDiskB});
  EXPECT_EQ(alone().leader, BrokerId{1});
  EXPECT_EQ(alone().isr, ids({1}));
}

TEST_F(Directories, AReplicaThatWasCopiedToAnotherDirectoryStaysInSync) {
  EXPECT_EQ(assign(kDiskB, 0), ErrorCode::kNone);
  EXPECT_EQ(orders(0).leader, BrokerId{1});
  EXPECT_EQ(orders(0).isr, ids({1, 2, 3}));
}

TEST_F(Directories, ControllersRegisterOnceForEachChange) {
  protocol::ControllerRegistrationRequest request;
  request.controller_id = BrokerId{3};
  request.incarnation_id = {8, 8};
  request.listeners.push_back({"CONTROLLER", "c", 9093, 0});
  request.features.push_back({"metadata.version", 7, 30});
  const auto size = controller_.log().size();
  EXPECT_EQ(controller_.ask<protocol::ControllerRegistrationResponse>(request).error_code, ErrorCode::kNone);
  controller_.ask<protocol::ControllerRegistrationResponse>(request);
  EXPECT_EQ(controller_.log().size(), size + 1);
  EXPECT_EQ(controller_.image().controllers().at(BrokerId{3}).endpoints.front().port, 9093);
  request.incarnation_id = {9, 9};
  controller_.ask<protocol::ControllerRegistrationResponse>(request);
  EXPECT_EQ(controller_.log().size(), size + 2);
}

}  // namespace
}  // namespace thalweg::controller
