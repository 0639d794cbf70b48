#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::disk;
using testing::ids;
using testing::registration;
using namespace std::chrono_literals;

constexpr Uuid kDisk{1, 1}, kOtherDisk{1, 2}, kThirdDisk{1, 3};

TEST(Registration, ARegistrationIsChecked) {
  Controller controller;
  auto wrong = registration(1, {1, 1});
  wrong.cluster_id = "other";
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(wrong).error_code, ErrorCode::kInconsistentClusterId);
  auto nowhere = registration(1, {1, 1});
  nowhere.listeners.clear();
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(nowhere).error_code, ErrorCode::kInvalidRegistration);
  auto old = registration(1, {1, 1});
  old.features.front().max_supported_version = 29;
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(old).error_code, ErrorCode::kUnsupportedVersion);
  auto reserved = registration(1, {1, 1});
  reserved.log_dirs.push_back(metadata::kDirectoryLost);
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(reserved).error_code, ErrorCode::kInvalidRegistration);
  auto homeless = registration(1, {1, 1});
  homeless.log_dirs.clear();
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(homeless).error_code, ErrorCode::kInvalidRegistration);
}

TEST(Registration, ASecondProcessWithTheSameIdWaitsForTheSessionToEnd) {
  Controller controller;
  const auto epoch = controller.start_broker(1, {}, {1, 1});
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2}, {kOtherDisk})).error_code,
            ErrorCode::kDuplicateBrokerRegistration);
  // The same process may register again and keeps its epoch.
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {1, 1})).broker_epoch, epoch);
  controller.advance(10s);
  const auto later = controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2}, {kOtherDisk}));
  EXPECT_EQ(later.error_code, ErrorCode::kNone);
  EXPECT_GT(later.broker_epoch, epoch);
}

TEST(Registration, TheControllersOwnNodeRestartsAtOnce) {
  Controller controller({.self = BrokerId{1}});
  controller.start_broker(1, {}, {1, 1});
  controller.create("orders");
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2})).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller.partition("orders", 0).leader, kNoBroker);
  controller.heartbeat(1);
  EXPECT_EQ(controller.partition("orders", 0).leader, BrokerId{1});
  EXPECT_EQ(controller.partition("orders", 0).leader_epoch, LeaderEpoch{2});
}

TEST(Registration, ABrokerIsUnfencedOnceItHasAppliedItsOwnRegistration) {
  Controller controller;
  const auto epoch = controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {1, 1})).broker_epoch;
  auto beat = controller.beat(1, controller.log_end() - 1);
  ASSERT_EQ(beat.broker_epoch, epoch);
  const auto early = controller.ask<protocol::BrokerHeartbeatResponse>(beat);
  EXPECT_FALSE(early.is_caught_up);
  EXPECT_TRUE(early.is_fenced);
  beat.current_metadata_offset = controller.log_end();
  const auto ready = controller.ask<protocol::BrokerHeartbeatResponse>(beat);
  EXPECT_TRUE(ready.is_caught_up);
  EXPECT_FALSE(ready.is_fenced);
}

TEST(Registration, ANewControllerAsksForWhatIsThereSinceItDoesNotKnowTheRegistrationsPlace) {
  Controller controller;
  const auto epoch = controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {1, 1})).broker_epoch;
  controller.start_broker(2);
  controller.fail_over();
  const Offset end = controller.log_end();
  auto beat = controller.beat(1, end - 1);
  ASSERT_EQ(beat.broker_epoch, epoch);
  EXPECT_TRUE(controller.ask<protocol::BrokerHeartbeatResponse>(beat).is_fenced);
  controller.create("later");
  beat.current_metadata_offset = end;
  EXPECT_FALSE(controller.ask<protocol::BrokerHeartbeatResponse>(beat).is_fenced)
      << "what comes later is not waited for";
}

TEST(Registration, ANewProcessOnTheSameDisksTakesOverAtOnceUnderNewLeaderEpochs) {
  Controller controller;
  controller.start_broker(1, {}, {1, 1}, {kDisk, kOtherDisk});
  controller.create("orders");
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2}, {kThirdDisk})).error_code,
            ErrorCode::kDuplicateBrokerRegistration);
  const auto batches = controller.batches().size();
  EXPECT_EQ(
      controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2}, {kOtherDisk, kDisk})).error_code,
      ErrorCode::kNone);
  EXPECT_EQ(controller.batches().size(), batches + 1);
  EXPECT_EQ(controller.partition("orders", 0).leader, kNoBroker);
  controller.heartbeat(1);
  EXPECT_EQ(controller.partition("orders", 0).leader, BrokerId{1});
  EXPECT_EQ(controller.partition("orders", 0).leader_epoch, LeaderEpoch{2});
}

TEST(Registration, ADirectoryBelongsToOneBroker) {
  Controller controller;
  controller.start_broker(1, {}, {1, 1}, {kDisk});
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(2, {2, 2}, {kDisk})).error_code,
            ErrorCode::kInvalidRegistration);
}

// PreviousBrokerEpoch: who has lost nothing since its last registration says so.
class Restarts : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int id = 1; id <= 3; ++id) epochs_[id] = controller_.start_broker(id, {}, {1, 1}, {disk(id)});
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = topic.replication_factor = -1;
    topic.assignments.push_back({PartitionId{0}, ids({1, 2, 3})});
    topic.configs.push_back({"min.insync.replicas", "2"});
    ASSERT_EQ(controller_.ask<protocol::CreateTopicsResponse>(request).topics.front().error_code, ErrorCode::kNone);
  }
  void fence(int id) { controller_.heartbeat(id, true); }
  ErrorCode restart(int id, std::int64_t previous, Uuid disk,
                    std::vector<protocol::BrokerRegistrationRequest::Damaged> damaged = {}) {
    auto request = registration(id, {++incarnations_, 1}, {disk});
    request.previous_broker_epoch = previous;
    request.damaged_replicas = std::move(damaged);
    return controller_.ask<protocol::BrokerRegistrationResponse>(request).error_code;
  }
  const metadata::Partition& orders() const { return controller_.partition("orders", 0); }
  Uuid topic(const std::string& name) const { return controller_.image().topic(std::string_view(name))->id; }
  // Its leader says that it is in sync.
  void joins(int id) {
    auto isr = orders().isr;
    isr.push_back(BrokerId{id});
    controller_.ask<protocol::AlterPartitionResponse>(controller_.alteration("orders", 0, isr));
  }

  Controller controller_;
  std::map<int, std::int64_t> epochs_;
  std::uint64_t incarnations_ = 1;
};

TEST_F(Restarts, WhoLostNothingStaysEligible) {
  for (int id : {3, 2, 1}) fence(id);
  ASSERT_EQ(orders().eligible_leader_replicas, ids({1, 2}));
  ASSERT_EQ(restart(2, epochs_[2], disk(2)), ErrorCode::kNone);
  EXPECT_EQ(orders().eligible_leader_replicas, ids({1, 2}));
  controller_.heartbeat(2);
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovered);
}

TEST_F(Restarts, WhoLostItsDiskLeavesIsrAndElrInTheBatchOfItsRegistration) {
  for (int id : {3, 2}) fence(id);
  ASSERT_EQ(orders().isr, ids({1}));
  ASSERT_EQ(orders().eligible_leader_replicas, ids({2}));
  const auto batches = controller_.batches().size();
  ASSERT_EQ(restart(2, -1, {6, 6}), ErrorCode::kNone);
  EXPECT_EQ(controller_.batches().size(), batches + 1);
  EXPECT_TRUE(orders().eligible_leader_replicas.empty());
  ASSERT_EQ(restart(1, epochs_[1] - 1, disk(1)), ErrorCode::kNone) << "another epoch is as good as none";
  EXPECT_TRUE(orders().isr.empty());
  EXPECT_TRUE(orders().eligible_leader_replicas.empty());
  EXPECT_EQ(orders().leader, kNoBroker);
  EXPECT_EQ(orders().last_known_elr, ids({1}));
  controller_.heartbeat(2);
  EXPECT_EQ(orders().leader, kNoBroker) << "it never led";
  controller_.heartbeat(1);
  EXPECT_EQ(orders().leader, BrokerId{1}) << "nobody has more than the last known leader";
  EXPECT_EQ(orders().isr, ids({1}));
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovering);
  EXPECT_TRUE(orders().last_known_elr.empty());
}

TEST_F(Restarts, WhoLacksRecordsOfAPartitionLeavesItsSetsInTheBatchOfItsRegistration) {
  controller_.create("payments", 1, 3);
  const auto batches = controller_.batches().size();
  const Uuid unknown{9, 9};
  ASSERT_EQ(restart(1, epochs_[1], disk(1), {{topic("orders"), {{0}, {7}}}, {unknown, {{0}}}}), ErrorCode::kNone);
  EXPECT_EQ(controller_.batches().size(), batches + 1);
  EXPECT_EQ(orders().isr, ids({2, 3}));
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_NE(controller_.partition("payments", 0).leader, BrokerId{1}) << "its leaderships ended with it";
  controller_.heartbeat(1);
  EXPECT_EQ(orders().isr, ids({2, 3})) << "the leader takes it in when it has caught up";
}

TEST_F(Restarts, WhoLacksRecordsIsNotEligible) {
  for (int id : {3, 2, 1}) fence(id);
  ASSERT_EQ(orders().eligible_leader_replicas, ids({1, 2}));
  ASSERT_EQ(restart(1, epochs_[1], disk(1), {{topic("orders"), {{0}}}}), ErrorCode::kNone);
  EXPECT_EQ(orders().eligible_leader_replicas, ids({2}));
  controller_.heartbeat(1);
  EXPECT_EQ(orders().leader, kNoBroker);
}

// After a power loss of all, records that nobody was promised may be missing on each.
TEST_F(Restarts, TheLastThatCountsStaysAlthoughItLacksRecords) {
  for (int id : {3, 2, 1}) fence(id);
  for (int id : {3, 1, 2}) ASSERT_EQ(restart(id, epochs_[id], disk(id), {{topic("orders"), {{0}}}}), ErrorCode::kNone);
  EXPECT_EQ(orders().eligible_leader_replicas, ids({2}));
  for (int id : {1, 3, 2}) controller_.heartbeat(id);
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovered);
}

TEST_F(Restarts, AStateOfRecoveryThatDoesNotExistIsRefused) {
  auto request = controller_.alteration("orders", 0, ids({1, 2}));
  request.topics[0].partitions[0].leader_recovery_state = 7;
  EXPECT_EQ(controller_.alter(request).error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(orders().isr, ids({1, 2, 3}));
}

// An answer was lost, and the same process registers once more.
TEST_F(Restarts, WhatWasToldOnceIsNotToldAgain) {
  auto request = registration(1, {++incarnations_, 1}, {disk(1)});
  request.previous_broker_epoch = epochs_[1];
  request.damaged_replicas = {{topic("orders"), {{0}}}};
  controller_.ask<protocol::BrokerRegistrationResponse>(request);
  controller_.heartbeat(1);
  joins(1);
  ASSERT_EQ(orders().isr, ids({2, 3, 1}));
  ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(request).error_code, ErrorCode::kNone);
  EXPECT_EQ(orders().isr, ids({2, 3, 1}));
}

// Logs that it opened by the image of its registration tell of losses, while it is fenced.
TEST_F(Restarts, TheSameProcessTellsOfLossesThatItFindsLater) {
  auto request = registration(1, {++incarnations_, 1}, {disk(1)});
  request.previous_broker_epoch = epochs_[1];
  for (int id : {3, 2}) fence(id);
  ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(request).error_code, ErrorCode::kNone);
  ASSERT_EQ(orders().eligible_leader_replicas, ids({1, 2}));
  request.damaged_replicas = {{topic("orders"), {{0}}}};
  const auto again = controller_.ask<protocol::BrokerRegistrationResponse>(request);
  ASSERT_EQ(again.error_code, ErrorCode::kNone);
  EXPECT_EQ(again.broker_epoch, controller_.image().broker(BrokerId{1})->epoch);
  EXPECT_EQ(orders().eligible_leader_replicas, ids({2}));
  controller_.heartbeat(1);
  EXPECT_EQ(orders().leader, kNoBroker) << "it waits for one that has all";
  controller_.heartbeat(2);
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovered);
}

TEST_F(Restarts, TheSameProcessTellsThatALogCannotBeOpened) {
  auto request = registration(1, {++incarnations_, 1}, {disk(1)});
  request.previous_broker_epoch = epochs_[1];
  for (int id : {3, 2}) fence(id);
  ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(request).error_code, ErrorCode::kNone);
  ASSERT_EQ(orders().eligible_leader_replicas, ids({1, 2}));
  request.previous_broker_epoch = -1;
  ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(request).error_code, ErrorCode::kNone);
  EXPECT_EQ(orders().eligible_leader_replicas, ids({2}));
}

TEST_F(Restarts, BelowThatLevelABrokerThatCannotTellIsBelieved) {
  ASSERT_EQ(controller_.finalize("thalweg.version", 0), ErrorCode::kInvalidUpdateVersion) << "a downgrade says so";
  Controller controller;
  controller.slow_down();
  for (int id = 1; id <= 2; ++id) controller.start_broker(id);
  controller.create("orders", 1, 2);
  controller.heartbeat(2, true);
  controller.heartbeat(1, true);
  const auto eligible = controller.partition("orders", 0).eligible_leader_replicas;
  ASSERT_FALSE(eligible.empty());
  auto old = registration(1, {3, 3});
  std::erase_if(old.features, [](const auto& feature) { return feature.name == "thalweg.version"; });
  ASSERT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(old).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller.partition("orders", 0).eligible_leader_replicas, eligible);
}

// An emptied disk comes with another directory id; a disk from a backup remembers an older registration.
TEST_F(Restarts, BelowThatLevelAReplacedDiskIsNotBelievedEither) {
  Controller controller;
  std::map<int, std::int64_t> epochs;
  for (int id = 1; id <= 3; ++id) epochs[id] = controller.start_broker(id, {}, {1, 1}, {disk(id)});
  controller.slow_down();
  ASSERT_EQ(controller.image().feature("thalweg.version"), 0);
  protocol::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "orders";
  topic.num_partitions = topic.replication_factor = -1;
  topic.assignments.push_back({PartitionId{0}, ids({1, 2, 3})});
  topic.configs.push_back({"min.insync.replicas", "3"});
  ASSERT_EQ(controller.ask<protocol::CreateTopicsResponse>(request).topics.front().error_code, ErrorCode::kNone);
  const auto restart = [&](int id, Uuid now, std::int64_t previous) {
    auto again = registration(id, {2, 2}, {now});
    again.previous_broker_epoch = previous;
    return controller.ask<protocol::BrokerRegistrationResponse>(again).error_code;
  };
  for (int id : {2, 3}) controller.heartbeat(id, true);
  const auto eligible = [&] { return controller.partition("orders", 0).eligible_leader_replicas; };
  ASSERT_EQ(eligible(), ids({2, 3}));
  ASSERT_EQ(restart(2, disk(2), epochs[2]), ErrorCode::kNone);
  EXPECT_EQ(eligible(), ids({2, 3})) << "it is the same disk";
  ASSERT_EQ(restart(3, {6, 6}, -1), ErrorCode::kNone);
  EXPECT_EQ(eligible(), ids({2}));
  EXPECT_EQ(controller.partition("orders", 0).directory(BrokerId{3}), (Uuid{6, 6})) << "it may be in sync there again";
  auto older = registration(2, {4, 4}, {disk(2)});
  older.previous_broker_epoch = epochs[2];
  ASSERT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(older).error_code, ErrorCode::kNone);
  EXPECT_TRUE(eligible().empty()) << "of two registrations ago";
}

TEST_F(Restarts, AnUnregisteredBrokerIsNotEligible) {
  for (int id : {3, 2}) fence(id);
  ASSERT_EQ(orders().eligible_leader_replicas, ids({2}));
  controller_.advance(10s, false);
  EXPECT_EQ(controller_.unregister(2), ErrorCode::kNone);
  EXPECT_TRUE(orders().eligible_leader_replicas.empty());
}

}  // namespace
}  // namespace thalweg::controller
