// More than fits into one batch: requests are refused, what follows from a broker's coming or going is split.
#include <gtest/gtest.h>

#include <algorithm>

#include "controller/repair.h"
#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using namespace std::chrono_literals;

// Two requests, since one creates at most 10,000.
constexpr int kTopics = 2, kPerTopic = 6000;

class ManyPartitions : public ::testing::Test {
 protected:
  void SetUp() override {
    controller_.slow_down();
    controller_.start_broker(1);
    controller_.start_broker(2);
    for (int i = 0; i < kTopics; ++i)
      ASSERT_EQ(controller_.create("t" + std::to_string(i), kPerTopic, 2).error_code, ErrorCode::kNone);
  }
  // Not fenced yet.
  void unregister_who_is_silent(int id) {
    controller_.advance(10s, false);
    controller_.heartbeat(3 - id);
    protocol::UnregisterBrokerRequest request;
    request.broker_id = BrokerId{id};
    EXPECT_EQ(controller_.ask<protocol::UnregisterBrokerResponse>(request).error_code, ErrorCode::kNone);
  }
  std::size_t led_by(int id) const {
    std::size_t count = 0;
    for (const auto& [name, topic] : controller_.image().topics())
      count += std::ranges::count(topic->partitions, BrokerId{id}, &metadata::Partition::leader);
    return count;
  }
  bool settled() const { return repair(controller_.image(), {}).records.empty(); }
  void fits_in_batches() const {
    for (const auto& batch : controller_.batches()) {
      EXPECT_LE(batch.records, kMaxRecordsPerBatch);
      EXPECT_LE(batch.bytes, kMaxBytesPerBatch);
    }
  }

  Controller controller_;
};

TEST_F(ManyPartitions, ASilentBrokerIsFencedInBatchesThatFit) {
  for (int i = 0; i < 4; ++i) {
    controller_.advance(3s);
    controller_.heartbeat(1);
  }
  EXPECT_TRUE(controller_.image().broker(BrokerId{2})->fenced);
  EXPECT_EQ(led_by(1), kTopics * kPerTopic);
  EXPECT_TRUE(settled());
  fits_in_batches();
  controller_.heartbeat(2);
  EXPECT_FALSE(controller_.image().broker(BrokerId{2})->fenced);
}

TEST_F(ManyPartitions, ANewProcessIsUnfencedOnceItsFormerLeadershipsHaveEnded) {
  for (int i = 0; i < 4; ++i) {
    controller_.advance(3s);
    controller_.heartbeat(1);
  }
  ASSERT_EQ(led_by(1), kTopics * kPerTopic);
  controller_.advance(10s, /*fire=*/false);
  auto again = testing::registration(1, {8, 8});
  again.previous_broker_epoch = controller_.image().broker(BrokerId{1})->epoch;
  ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(again).error_code, ErrorCode::kNone);
  ASSERT_GT(led_by(1), 0u) << "the first batch takes a part";
  const auto epoch = controller_.partition("t1", kPerTopic - 1).leader_epoch;
  EXPECT_TRUE(controller_.heartbeat(1).is_fenced) << "it would go on under an old leader epoch";
  controller_.advance(0s);  // the rest
  EXPECT_EQ(led_by(1), 0u);
  EXPECT_FALSE(controller_.heartbeat(1).is_fenced);
  controller_.advance(0s);
  EXPECT_EQ(led_by(1), kTopics * kPerTopic);
  EXPECT_GT(controller_.partition("t1", kPerTopic - 1).leader_epoch, epoch);
  fits_in_batches();
}

TEST_F(ManyPartitions, AControlledShutdownWaitsUntilEverythingIsHandedOver) {
  const auto first = controller_.heartbeat(1, false, true);
  EXPECT_FALSE(first.should_shut_down);
  if (led_by(1) > 0) EXPECT_FALSE(controller_.heartbeat(1, false, true).should_shut_down);
  controller_.advance(0s);
  EXPECT_EQ(led_by(1), 0u);
  controller_.heartbeat(2);  // the other one knows
  EXPECT_TRUE(controller_.heartbeat(1, false, true).should_shut_down);
  controller_.advance(0s);
  EXPECT_TRUE(settled());
}

TEST_F(ManyPartitions, AnUnregisteredBrokerLeavesAllOfThem) {
  unregister_who_is_silent(2);
  controller_.advance(0s);
  EXPECT_EQ(led_by(1), kTopics * kPerTopic);
  EXPECT_TRUE(settled());
  fits_in_batches();
}

TEST_F(ManyPartitions, ANewControllerFinishesWhatTheOneBeforeBegan) {
  unregister_who_is_silent(2);
  ASSERT_FALSE(settled()) << "one batch must not be enough for this test";
  controller_.fail_over();
  controller_.advance(0s);
  EXPECT_TRUE(settled());
  EXPECT_EQ(led_by(1), kTopics * kPerTopic);
}

// A broker that leads 40,000 partitions goes: its fence comes first, then the partitions in steps that keep to the
// limit of a step, and whoever asks in between is answered in between.
TEST(VeryManyPartitions, AreHandedOverInStepsBetweenWhichOthersAreServed) {
  constexpr int kMany = 4, kEach = 10'000 - 1;  // with its topic a batch of 10,000
  Controller controller({.broker_session_timeout = Millis(3'600'000)});
  controller.start_broker(1);
  const auto epoch = controller.start_broker(2);
  controller.start_broker(3);
  protocol::CreateTopicsRequest request;
  for (int i = 0; i < kMany; ++i) {
    request.topics.clear();
    auto& topic = request.topics.emplace_back();
    topic.name = "t" + std::to_string(10 + i);
    topic.num_partitions = topic.replication_factor = -1;
    for (int p = 0; p < kEach; ++p) topic.assignments.push_back({PartitionId{p}, ids({2, 1})});
    ASSERT_EQ(controller.ask<protocol::CreateTopicsResponse>(request).topics.front().error_code, ErrorCode::kNone);
  }
  const auto batches = controller.batches().size();

  ASSERT_TRUE(controller.ask<BrokerGoneResponse>(BrokerGone{BrokerId{2}, epoch}).fenced);
  EXPECT_TRUE(controller.image().broker(BrokerId{2})->fenced) << "the fence comes first";
  const StepLimit limit;
  std::size_t steps = 1, served = 0, changed = controller.batches().back().records - 1;
  while (controller.fire_one()) {
    ++steps;
    changed += controller.batches().back().records;
    ASSERT_LE(controller.batches().back().records, limit.records);
    ASSERT_LE(controller.batches().back().bytes, limit.bytes);
    // Between two steps: a broker reports, and a topic is made.
    if (steps % 20 == 0) {
      EXPECT_FALSE(controller.heartbeat(1).is_fenced);
      EXPECT_EQ(controller.create("between" + std::to_string(steps), 1, 1).error_code, ErrorCode::kNone);
      EXPECT_NE(controller.partition("between" + std::to_string(steps), 0).leader, BrokerId{2});
      ++served;
    }
  }
  EXPECT_EQ(changed, std::size_t(kMany) * kEach) << "each once";
  EXPECT_GE(steps, std::size_t(kMany) * kEach / limit.records);
  EXPECT_LE(steps, std::size_t(kMany) * kEach / limit.records + 3);
  EXPECT_GE(served, 1u);
  EXPECT_EQ(controller.batches().size(), batches + steps + served);
  EXPECT_TRUE(repair(controller.image(), {}).records.empty());
}

protocol::IncrementalAlterConfigsRequest configs(int count, std::size_t bytes) {
  protocol::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = 4;
  for (int i = 0; i < count; ++i)
    resource.configs.push_back({"unknown." + std::to_string(i), 0, std::string(bytes, 'x')});
  return request;
}

TEST(BatchLimit, RefusesMoreRecordsThanABatchHolds) {
  Controller controller;
  const auto before = controller.image().all_configs();
  const auto refused = controller.ask<protocol::IncrementalAlterConfigsResponse>(configs(10'001, 1));
  EXPECT_EQ(refused.responses.front().error_code, ErrorCode::kPolicyViolation);
  EXPECT_EQ(refused.responses.front().error_message, "Unable to perform excessively large batch operation.");
  EXPECT_EQ(controller.image().all_configs(), before);
  EXPECT_EQ(controller.ask<protocol::IncrementalAlterConfigsResponse>(configs(10'000, 1)).responses.front().error_code,
            ErrorCode::kNone);
}

TEST(BatchLimit, RefusesMoreBytesThanABatchHolds) {
  Controller controller;
  EXPECT_EQ(
      controller.ask<protocol::IncrementalAlterConfigsResponse>(configs(300, 32'000)).responses.front().error_code,
      ErrorCode::kPolicyViolation);
  EXPECT_EQ(
      controller.ask<protocol::IncrementalAlterConfigsResponse>(configs(200, 32'000)).responses.front().error_code,
      ErrorCode::kNone);
}

TEST(BatchLimit, RefusesAValueThatARecordCannotKeep) {
  Controller controller;
  const auto refused = controller.ask<protocol::IncrementalAlterConfigsResponse>(configs(1, 32'768));
  EXPECT_EQ(refused.responses.front().error_code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(refused.responses.front().error_message,
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.");
  EXPECT_EQ(controller.ask<protocol::IncrementalAlterConfigsResponse>(configs(1, 32'767)).responses.front().error_code,
            ErrorCode::kNone);
}

}  // namespace
}  // namespace thalweg::controller
