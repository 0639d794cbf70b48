#include "controller/brokers.h"

#include <gtest/gtest.h>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using namespace std::chrono_literals;

protocol::BrokerRegistrationRequest registration(int id, Uuid incarnation) {
  protocol::BrokerRegistrationRequest request;
  request.broker_id = BrokerId{id};
  request.cluster_id = "cluster";
  request.incarnation_id = incarnation;
  request.features.push_back({"metadata.version", 1, 30});
  request.features.push_back({"eligible.leader.replicas.version", 0, 1});
  return request;
}

TEST(Brokers, ANewClusterFinalizesItsFeatures) {
  const Controller controller;
  EXPECT_EQ(controller.image().feature("metadata.version"), 30);
  EXPECT_EQ(controller.image().feature("eligible.leader.replicas.version"), 1);
  EXPECT_EQ(controller.image().feature("group.version"), 0);
}

TEST(Brokers, ABrokerIsFencedUntilItReports) {
  Controller controller;
  const auto reply = controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {1, 1}));
  EXPECT_EQ(reply.error_code, ErrorCode::kNone);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->fenced);
  EXPECT_TRUE(controller.heartbeat(1, true).is_fenced);
  EXPECT_FALSE(controller.heartbeat(1).is_fenced);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->active());
}

TEST(Brokers, ARegistrationIsChecked) {
  Controller controller;
  auto wrong = registration(1, {1, 1});
  wrong.cluster_id = "other";
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(wrong).error_code, ErrorCode::kInconsistentClusterId);
  auto old = registration(1, {1, 1});
  old.features.front().max_supported_version = 29;
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(old).error_code, ErrorCode::kUnsupportedVersion);
  auto reserved = registration(1, {1, 1});
  reserved.log_dirs.push_back(metadata::kDirectoryLost);
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(reserved).error_code, ErrorCode::kInvalidRegistration);
}

TEST(Brokers, ASecondProcessWithTheSameIdWaitsForTheSessionToEnd) {
  Controller controller;
  const auto epoch = controller.start_broker(1, {}, {1, 1});
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2})).error_code,
            ErrorCode::kDuplicateBrokerRegistration);
  // The same process may register again and keeps its epoch.
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {1, 1})).broker_epoch, epoch);
  controller.advance(10s);
  const auto later = controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2}));
  EXPECT_EQ(later.error_code, ErrorCode::kNone);
  EXPECT_GT(later.broker_epoch, epoch);
}

TEST(Brokers, TheControllersOwnNodeRestartsAtOnce) {
  Controller controller({.self = BrokerId{1}});
  controller.start_broker(1, {}, {1, 1});
  controller.create("orders");
  EXPECT_EQ(controller.ask<protocol::BrokerRegistrationResponse>(registration(1, {2, 2})).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller.partition("orders", 0).leader, kNoBroker);
  controller.heartbeat(1);
  EXPECT_EQ(controller.partition("orders", 0).leader, BrokerId{1});
  EXPECT_EQ(controller.partition("orders", 0).leader_epoch, LeaderEpoch{2});
}

TEST(Brokers, AStaleHeartbeatIsRefused) {
  Controller controller;
  const auto epoch = controller.start_broker(1);
  protocol::BrokerHeartbeatRequest request;
  request.broker_id = BrokerId{1};
  request.broker_epoch = epoch - 1;
  EXPECT_EQ(controller.ask<protocol::BrokerHeartbeatResponse>(request).error_code, ErrorCode::kStaleBrokerEpoch);
  request.broker_id = BrokerId{2};
  EXPECT_EQ(controller.ask<protocol::BrokerHeartbeatResponse>(request).error_code, ErrorCode::kBrokerIdNotRegistered);
}

TEST(Brokers, ASilentBrokerIsFencedAndLosesItsLeaderships) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 4, 2);
  for (int i = 0; i < 4; ++i) {
    controller.advance(3s);
    controller.heartbeat(1);
  }
  EXPECT_TRUE(controller.image().broker(BrokerId{2})->fenced);
  for (int p = 0; p < 4; ++p) {
    EXPECT_EQ(controller.partition("orders", p).leader, BrokerId{1});
    EXPECT_EQ(controller.partition("orders", p).isr, ids({1}));
  }
}

TEST(Brokers, TheLastInSyncReplicaStaysAndLeadsAgainWhenItReturns) {
  Controller controller;
  controller.start_broker(1);
  controller.create("orders");
  controller.advance(10s);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->fenced);
  EXPECT_EQ(controller.partition("orders", 0).leader, kNoBroker);
  EXPECT_EQ(controller.partition("orders", 0).eligible_leader_replicas, ids({1}));
  controller.heartbeat(1);
  EXPECT_EQ(controller.partition("orders", 0).leader, BrokerId{1});
}

TEST(Brokers, ControlledShutdownMovesLeadersFirst) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  const auto first = controller.heartbeat(1, false, true);
  EXPECT_FALSE(first.should_shut_down);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->in_controlled_shutdown);
  for (int p = 0; p < 2; ++p) EXPECT_EQ(controller.partition("orders", p).leader, BrokerId{2});
  const auto second = controller.heartbeat(1, false, true);
  EXPECT_TRUE(second.should_shut_down);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->fenced);
}

TEST(Brokers, ALoneBrokerMayGoAtOnce) {
  Controller controller;
  controller.start_broker(1);
  controller.create("orders");
  EXPECT_TRUE(controller.heartbeat(1, false, true).should_shut_down);
}

TEST(Brokers, UnregisteringTakesABrokerOut) {
  Controller controller;
  controller.start_broker(1);
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{9};
  const auto unknown = controller.ask<protocol::UnregisterBrokerResponse>(request);
  EXPECT_EQ(unknown.error_code, ErrorCode::kBrokerIdNotRegistered);
  EXPECT_EQ(unknown.error_message, "Broker ID 9 is not currently registered");
  request.broker_id = BrokerId{1};
  EXPECT_EQ(controller.ask<protocol::UnregisterBrokerResponse>(request).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller.image().broker(BrokerId{1}), nullptr);
}

TEST(Brokers, ProducerIdBlocksFollowEachOther) {
  Controller controller;
  protocol::AllocateProducerIdsRequest request;
  request.broker_id = BrokerId{1};
  EXPECT_EQ(controller.ask<protocol::AllocateProducerIdsResponse>(request).error_code,
            ErrorCode::kBrokerIdNotRegistered);
  request.broker_epoch = controller.start_broker(1);
  for (const int start : {0, 1000, 2000}) {
    const auto reply = controller.ask<protocol::AllocateProducerIdsResponse>(request);
    EXPECT_EQ(reply.producer_id_start, ProducerId{start});
    EXPECT_EQ(reply.producer_id_len, 1000);
  }
}

}  // namespace
}  // namespace thalweg::controller
