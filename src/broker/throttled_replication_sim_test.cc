// Replication throttles (KIP-73) between a leader and a follower that is not in sync, with the options that
// kafka-reassign-partitions --throttle sets.
#include <gtest/gtest.h>

#include "broker/testing_follower.h"
#include "metrics/families.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "replica/replication_throttle.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

constexpr std::int8_t kOfTopic = 2, kOfBroker = 4;
constexpr std::int64_t kRate = 1'000'000;
constexpr int kBatches = 50;
constexpr std::size_t kBatchBytes = 100'000;

SharedBytes large_batch() {
  const std::string value(kBatchBytes, 'v');
  record::BatchBuilder builder;
  builder.append({.timestamp = sim::kStartOfTime, .key = as_bytes("k"), .value = as_bytes(value)});
  return builder.build();
}

class ThrottledReplication : public WithFollower {
 protected:
  void set(std::int8_t type, const std::string& resource, const std::string& option, const std::string& value) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& out = request.resources.emplace_back();
    out.resource_type = type;
    out.resource_name = resource;
    out.configs.push_back({option, 0, value});
    const auto response = broker_.ask<protocol::IncrementalAlterConfigsResponse>(request);
    ASSERT_EQ(response.responses.at(0).error_code, ErrorCode::kNone);
  }
  // The follower is no longer in sync, and five megabytes behind.
  void fall_behind() {
    ASSERT_TRUE(until([&] { return state().isr.size() == 1; }));
    for (int i = 0; i < kBatches; ++i)
      ASSERT_EQ(broker_.wait_for(produce(large_batch(), 1)).responses[0].partition_responses[0].error_code,
                ErrorCode::kNone);
  }
  Offset end_of_follower() {
    const auto* log = follower().log(key());
    return log ? log->end_offset() : Offset{0};
  }
  std::uint64_t fetches() {
    std::uint64_t all = 0;
    broker_.metrics().for_each([&](const MetricFamily& family, std::span<const std::string> labels, const auto& value) {
      if (&family == &family::kRequests && labels.front() == "FetchFollower") all += std::get<std::uint64_t>(value);
    });
    return all;
  }
  // How long it takes the follower to have all of it.
  Instant catch_up(Instant within = 60s) {
    const Instant begun = broker_.world().now();
    follower_->start();
    EXPECT_TRUE(until([&] { return end_of_follower() == Offset{kBatches}; }, within));
    return broker_.world().now() - begun;
  }
};

TEST_F(ThrottledReplication, WithoutAThrottleItIsCaughtUpAtOnce) {
  fall_behind();
  EXPECT_LT(catch_up(), 1s);
}

TEST_F(ThrottledReplication, ALeaderSendsNoMoreThanItsRate) {
  fall_behind();
  set(kOfBroker, "1", "leader.replication.throttled.rate", std::to_string(kRate));
  set(kOfTopic, "orders", "leader.replication.throttled.replicas", "0:1");
  const Instant took = catch_up();
  EXPECT_GT(took, 3500ms) << "five seconds, less a window that was saved up and the last piece";
  EXPECT_LT(took, 5500ms);
}

TEST_F(ThrottledReplication, OnlyReplicasThatAreNamedAreSlowed) {
  fall_behind();
  set(kOfBroker, "1", "leader.replication.throttled.rate", std::to_string(kRate));
  set(kOfTopic, "orders", "leader.replication.throttled.replicas", "1:1,0:2");
  EXPECT_LT(catch_up(), 1s);
}

TEST_F(ThrottledReplication, WhatIsInSyncIsNeverSlowed) {
  set(kOfBroker, "1", "leader.replication.throttled.rate", "1");
  set(kOfTopic, "orders", "leader.replication.throttled.replicas", "*");
  follower_->start();
  const Instant begun = broker_.world().now();
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(broker_.wait_for(produce(large_batch())).responses[0].partition_responses[0].error_code,
              ErrorCode::kNone);
  EXPECT_LT(broker_.world().now() - begun, 1s);
  EXPECT_EQ(state().isr.size(), 2u);
}

TEST_F(ThrottledReplication, ARateThatIsRaisedIsInForceWithinASecond) {
  fall_behind();
  set(kOfBroker, "1", "leader.replication.throttled.rate", "0");
  set(kOfTopic, "orders", "leader.replication.throttled.replicas", "*");
  follower_->start();
  broker_.world().run_for(30s);
  EXPECT_EQ(end_of_follower(), Offset{0}) << "a rate of nothing";
  set(kOfBroker, "1", "leader.replication.throttled.rate", "100000000");
  EXPECT_TRUE(until([&] { return end_of_follower() == Offset{kBatches}; }, 2s));
}

TEST_F(ThrottledReplication, WhoIsHeldBackWaitsAtTheLeader) {
  fall_behind();
  set(kOfBroker, "1", "leader.replication.throttled.rate", "1000");
  set(kOfTopic, "orders", "leader.replication.throttled.replicas", "*");
  follower_->start();
  ASSERT_TRUE(until([&] { return end_of_follower() > Offset{0}; }));
  const auto before = fetches();
  broker_.world().run_for(20s);
  EXPECT_LT(fetches() - before, 60u) << "a poll of half a second each";
}

// The same on the other side: the leader knows nothing of it.
class ThrottledFollower : public ThrottledReplication {
 protected:
  replica::ReplicationLinks links_of_follower(sim::Node& node) override {
    throttle_ = std::make_shared<replica::ReplicationThrottle>(std::vector<const Shard*>{&node.shard(0)}, 1s);
    throttle_->set_rate(rate_);
    replica::ReplicationLinks links;
    links.fetch.throttle = throttle_;
    return links;
  }
  storage::LogConfig config_of_follower() override {
    storage::LogConfig config;
    config.follower_replication_throttled_replicas = named_;
    return config;
  }
  std::int64_t rate_ = kRate;
  std::vector<std::string> named_{"0:2"};
  std::shared_ptr<replica::ReplicationThrottle> throttle_;
};

TEST_F(ThrottledFollower, FetchesNoMoreThanItsRate) {
  fall_behind();
  const Instant took = catch_up();
  EXPECT_GT(took, 3500ms);
  EXPECT_LT(took, 5500ms);
}

TEST_F(ThrottledFollower, IsNotSlowedWhereItIsNotNamed) {
  named_ = {"0:1"};
  fall_behind();
  EXPECT_LT(catch_up(), 1s);
}

TEST_F(ThrottledFollower, GoesOnWhenItIsNamedNoMore) {
  rate_ = 0;
  fall_behind();
  follower_->start();
  broker_.world().run_for(10s);
  EXPECT_EQ(end_of_follower(), Offset{0});
  follower().partitions().set_config(key(), {});
  EXPECT_TRUE(until([&] { return end_of_follower() == Offset{kBatches}; }, 1s));
}

TEST_F(ThrottledFollower, IsNotSlowedOnceItIsInSync) {
  rate_ = 1;
  follower_->start();
  const Instant begun = broker_.world().now();
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(broker_.wait_for(produce(large_batch())).responses[0].partition_responses[0].error_code,
              ErrorCode::kNone);
  EXPECT_LT(broker_.world().now() - begun, 1s);
}

}  // namespace
}  // namespace thalweg::broker
