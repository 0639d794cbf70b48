// More than fits into one batch: requests are refused, what follows from a broker's coming or going is split.
#include <gtest/gtest.h>

#include <algorithm>

#include "controller/leader_election.h"
#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using namespace std::chrono_literals;

// Two requests, since one creates at most 10,000.
constexpr int kTopics = 2, kPartitions = 6000;

class ManyPartitions : public ::testing::Test {
 protected:
  void SetUp() override {
    controller_.start_broker(1);
    controller_.start_broker(2);
    for (int i = 0; i < kTopics; ++i)
      ASSERT_EQ(controller_.create("t" + std::to_string(i), kPartitions, 2).error_code, ErrorCode::kNone);
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
  EXPECT_EQ(led_by(1), kTopics * kPartitions);
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
  ASSERT_EQ(led_by(1), kTopics * kPartitions);
  controller_.advance(10s, /*fire=*/false);
  protocol::BrokerRegistrationRequest again;
  again.broker_id = BrokerId{1};
  again.cluster_id = "cluster";
  again.incarnation_id = {8, 8};
  again.features.push_back({"metadata.version", 1, 30});
  again.features.push_back({"eligible.leader.replicas.version", 0, 1});
  ASSERT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(again).error_code, ErrorCode::kNone);
  ASSERT_GT(led_by(1), 0u) << "the first batch takes a part";
  const auto epoch = controller_.partition("t1", kPartitions - 1).leader_epoch;
  EXPECT_TRUE(controller_.heartbeat(1).is_fenced) << "it would go on under an old leader epoch";
  controller_.advance(0s);  // the rest
  EXPECT_EQ(led_by(1), 0u);
  EXPECT_FALSE(controller_.heartbeat(1).is_fenced);
  controller_.advance(0s);
  EXPECT_EQ(led_by(1), kTopics * kPartitions);
  EXPECT_GT(controller_.partition("t1", kPartitions - 1).leader_epoch, epoch);
  fits_in_batches();
}

TEST_F(ManyPartitions, AControlledShutdownWaitsUntilEverythingIsHandedOver) {
  const auto first = controller_.heartbeat(1, false, true);
  EXPECT_FALSE(first.should_shut_down);
  if (led_by(1) > 0) EXPECT_FALSE(controller_.heartbeat(1, false, true).should_shut_down);
  controller_.advance(0s);
  EXPECT_EQ(led_by(1), 0u);
  EXPECT_TRUE(controller_.heartbeat(1, false, true).should_shut_down);
  controller_.advance(0s);
  EXPECT_TRUE(settled());
}

TEST_F(ManyPartitions, AnUnregisteredBrokerLeavesAllOfThem) {
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{2};
  controller_.ask<protocol::UnregisterBrokerResponse>(request);
  controller_.advance(0s);
  EXPECT_EQ(led_by(1), kTopics * kPartitions);
  EXPECT_TRUE(settled());
  fits_in_batches();
}

TEST_F(ManyPartitions, ANewControllerFinishesWhatTheOneBeforeBegan) {
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{2};
  controller_.ask<protocol::UnregisterBrokerResponse>(request);
  ASSERT_FALSE(settled()) << "one batch must not be enough for this test";
  controller_.fail_over();
  controller_.advance(0s);
  EXPECT_TRUE(settled());
  EXPECT_EQ(led_by(1), kTopics * kPartitions);
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
