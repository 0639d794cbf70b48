#include "controller/brokers.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using testing::registration;
using namespace std::chrono_literals;

TEST(Brokers, ANewClusterFinalizesItsFeatures) {
  const Controller controller;
  EXPECT_EQ(controller.image().feature("metadata.version"), 30);
  EXPECT_EQ(controller.image().feature("eligible.leader.replicas.version"), 1);
  EXPECT_EQ(controller.image().transaction_version(), 2) << "as Kafka 4.3 finalizes it";
  EXPECT_EQ(controller.image().feature("thalweg.version"), 1);
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

TEST(Brokers, AStaleHeartbeatIsRefused) {
  Controller controller;
  const auto epoch = controller.start_broker(1);
  protocol::BrokerHeartbeatRequest request;
  request.broker_id = BrokerId{1};
  request.broker_epoch = epoch - 1;
  EXPECT_EQ(controller.ask<protocol::BrokerHeartbeatResponse>(request).error_code, ErrorCode::kStaleBrokerEpoch);
  request.broker_id = BrokerId{2};
  EXPECT_EQ(controller.ask<protocol::BrokerHeartbeatResponse>(request).error_code, ErrorCode::kStaleBrokerEpoch);
}

TEST(Brokers, BelowTheLevelASilentBrokerIsFencedAfterItsSessionAndLosesItsLeaderships) {
  Controller controller;
  controller.slow_down();
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 4, 2);
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(controller.image().broker(BrokerId{2})->fenced);
    controller.advance(i < 3 ? 2900ms : 400ms);
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

TEST(Brokers, OnlyDirectoriesThatABrokerHasCanBeCordoned) {
  Controller controller;
  controller.start_broker(1, {}, {1, 1}, {{9, 1}, {9, 2}});
  auto beat = controller.beat(1, controller.log_end());
  beat.cordoned_log_dirs = {{9, 2}, {9, 9}};
  EXPECT_EQ(controller.ask<protocol::BrokerHeartbeatResponse>(beat).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller.image().broker(BrokerId{1})->cordoned_log_dirs, (std::vector{Uuid{9, 2}}));
}

TEST(Brokers, UnregisteringTakesABrokerOut) {
  Controller controller;
  controller.start_broker(1);
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{9};
  const auto unknown = controller.ask<protocol::UnregisterBrokerResponse>(request);
  EXPECT_EQ(unknown.error_code, ErrorCode::kBrokerIdNotRegistered);
  EXPECT_EQ(unknown.error_message, "Broker ID 9 is not currently registered");
  EXPECT_EQ(controller.unregister(1), ErrorCode::kNone);
  EXPECT_EQ(controller.image().broker(BrokerId{1}), nullptr);
}

TEST(Brokers, ABrokerAtWorkIsNotForgottenWithReplicasOnIt) {
  Controller controller;
  for (int id : {1, 2}) controller.start_broker(id);
  controller.create("orders", 1, 2);
  EXPECT_EQ(controller.unregister(2), ErrorCode::kInvalidRequest);
  EXPECT_TRUE(controller.heartbeat(2, true).is_fenced);
  EXPECT_EQ(controller.unregister(2), ErrorCode::kInvalidRequest) << "it is fenced, and reports";
  controller.advance(10s);
  EXPECT_EQ(controller.unregister(2), ErrorCode::kNone) << "nobody has heard of it for a while";
}

TEST(Brokers, ABrokerThatHasGoneIsForgottenAtOnce) {
  Controller controller;
  for (int id : {1, 2, 3}) controller.start_broker(id);
  controller.create("orders", 1, 3);
  controller.heartbeat(2, false, true);
  for (int id : {1, 3}) controller.heartbeat(id);
  ASSERT_TRUE(controller.heartbeat(2, false, true).should_shut_down);
  EXPECT_EQ(controller.unregister(2), ErrorCode::kNone);
  ASSERT_TRUE(controller
                  .ask<BrokerGoneResponse>(BrokerGone{.broker_id = BrokerId{3},
                                                      .broker_epoch = controller.image().broker(BrokerId{3})->epoch})
                  .fenced);
  EXPECT_EQ(controller.unregister(3), ErrorCode::kNone);
}

TEST(Brokers, ProducerIdBlocksFollowEachOther) {
  Controller controller;
  protocol::AllocateProducerIdsRequest request;
  request.broker_id = BrokerId{1};
  EXPECT_EQ(controller.ask<protocol::AllocateProducerIdsResponse>(request).error_code, ErrorCode::kStaleBrokerEpoch);
  request.broker_epoch = controller.start_broker(1);
  for (const int start : {0, 1000, 2000}) {
    const auto reply = controller.ask<protocol::AllocateProducerIdsResponse>(request);
    EXPECT_EQ(reply.producer_id_start, ProducerId{start});
    EXPECT_EQ(reply.producer_id_len, 1000);
  }
}

TEST(Brokers, EvidenceThatAProcessIsGoneFencesItAtOnceAndOnce) {
  Controller controller;
  const auto epoch = controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  EXPECT_FALSE(controller.ask<BrokerGoneResponse>(BrokerGone{BrokerId{1}, epoch - 1}).fenced) << "another process";
  EXPECT_TRUE(controller.ask<BrokerGoneResponse>(BrokerGone{BrokerId{1}, epoch}).fenced);
  for (int p = 0; p < 2; ++p) EXPECT_EQ(controller.partition("orders", p).leader, BrokerId{2});
  EXPECT_FALSE(controller.ask<BrokerGoneResponse>(BrokerGone{BrokerId{1}, epoch}).fenced);
  EXPECT_FALSE(controller.heartbeat(1).is_fenced) << "it was there after all";
  EXPECT_FALSE(controller.ask<BrokerGoneResponse>(BrokerGone{BrokerId{1}, epoch}).fenced) << "wrong once, wrong again";
  EXPECT_FALSE(controller.image().broker(BrokerId{1})->fenced);
}

TEST(Brokers, BelowTheLevelEvidenceThatAProcessIsGoneChangesNothing) {
  Controller controller;
  controller.slow_down();
  const auto epoch = controller.start_broker(1);
  controller.start_broker(2);
  EXPECT_FALSE(controller.ask<BrokerGoneResponse>(BrokerGone{BrokerId{1}, epoch}).fenced);
  EXPECT_FALSE(controller.image().broker(BrokerId{1})->fenced);
}

class QuickBrokers : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int id = 1; id <= 3; ++id) controller_.start_broker(id);
    controller_.create("orders", 3, 3);
    run(2s, {1, 2, 3});
  }
  // Those that are there report each 100 ms; the first time that a broker is found fenced.
  std::optional<Instant> run(Instant span, std::vector<int> there) {
    std::optional<Instant> fenced;
    const Instant begin = controller_.now();
    while (controller_.now() - begin < span) {
      controller_.advance(100ms);
      for (const int id : there) controller_.heartbeat(id);
      for (int id = 1; id <= 3 && !fenced; ++id)
        if (controller_.image().broker(BrokerId{id})->fenced) fenced = controller_.now() - begin;
    }
    return fenced;
  }
  Controller controller_;
};

TEST_F(QuickBrokers, ASilentBrokerLosesItsLeadershipsWithinASecond) {
  const auto after = run(2s, {1, 3});
  ASSERT_TRUE(after);
  EXPECT_LE(*after, 1s);
  EXPECT_GE(*after, 600ms);
  for (int p = 0; p < 3; ++p) EXPECT_NE(controller_.partition("orders", p).leader, BrokerId{2});
}

TEST_F(QuickBrokers, WhoDiedAsControllerAndLeaderIsNotWaitedForTwice) {
  controller_.heard = {{BrokerId{1}, controller_.now()},
                       {BrokerId{2}, controller_.now() - 2s},  // the controller until now
                       {BrokerId{3}, controller_.now()}};
  controller_.fail_over();
  const auto after = run(500ms, {1, 3});
  ASSERT_TRUE(after);
  EXPECT_LE(*after, 200ms);
}

TEST_F(QuickBrokers, AStallOfTheControllerFencesNobody) {
  controller_.advance(3s);
  EXPECT_FALSE(run(1s, {1, 2, 3}));
}

TEST_F(QuickBrokers, WhomTheOthersCannotReachLeadsNothingUntilItIsClearAgain) {
  const auto beat = [&](int id, std::vector<BrokerId> unreachable) {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = BrokerId{id};
    request.broker_epoch = controller_.image().broker(BrokerId{id})->epoch;
    request.current_metadata_offset = controller_.log_end();
    ControllerMachine::Context context;
    context.unreachable = std::move(unreachable);
    controller_.ask_with<protocol::BrokerHeartbeatResponse>(request, context);
  };
  const auto led = [&] {
    int count = 0;
    for (int p = 0; p < 3; ++p) count += controller_.partition("orders", p).leader == BrokerId{2};
    return count;
  };
  ASSERT_EQ(led(), 1);
  for (int i = 0; i < 31; ++i) {
    controller_.advance(100ms);
    beat(1, ids({2}));
    beat(2, {});
    beat(3, ids({2}));
  }
  controller_.advance(0ms);
  EXPECT_EQ(led(), 0);
  EXPECT_FALSE(controller_.image().broker(BrokerId{2})->fenced);
  EXPECT_EQ(controller_.partition("orders", 0).isr.size(), 3u) << "it is in sync until its leaders say otherwise";
  protocol::ElectLeadersRequest preferred;
  preferred.topic_partitions.reset();  // all
  controller_.ask<protocol::ElectLeadersResponse>(preferred);
  EXPECT_EQ(led(), 0);
  EXPECT_FALSE(run(11s, {1, 2, 3}));
  const auto reply = controller_.ask<protocol::ElectLeadersResponse>(preferred);
  EXPECT_FALSE(reply.replica_election_results.empty()) << "it may lead again when somebody asks";
  EXPECT_EQ(led(), 1);
}

}  // namespace
}  // namespace thalweg::controller
