#include "replica/alter_partition_queue.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

PartitionKey key(int i) { return {Uuid{1, 2}, PartitionId{i}}; }

class AlterPartitionQueueTest : public ::testing::Test {
 protected:
  using Request = protocol::AlterPartitionRequest;
  using Response = protocol::AlterPartitionResponse;

  void SetUp() override {
    node_ = &world_.add_node("b", 1, [](sim::Node&) { return nullptr; });
    node_->start();
    queue_ = std::make_unique<AlterPartitionQueue>(
        node_->shard(0),
        AlterPartitionQueue::Links{
            .self = BrokerId{1},
            .broker_epoch = [this] { return epoch_; },
            .ask = [this](Request request) { return answer(this, std::move(request)); },
            .refused = [this](PartitionKey k, std::int32_t epoch) { refused_.emplace_back(k, epoch); }});
  }
  static Task<Result<Response>> answer(AlterPartitionQueueTest* self, Request request) {
    self->requests_.push_back(request);
    co_await self->node_->shard(0).clock.sleep_for(10ms);
    if (self->unreachable_-- > 0) co_return thalweg::fail(ErrorCode::kNotController, "nobody leads");
    Response response;
    for (const auto& topic : request.topics) {
      auto& out = response.topics.emplace_back();
      out.topic_id = topic.topic_id;
      for (const auto& partition : topic.partitions) {
        auto& result = out.partitions.emplace_back();
        result.partition_index = partition.partition_index;
        result.error_code = std::exchange(self->codes_[partition.partition_index], ErrorCode::kNone);
      }
    }
    co_return response;
  }
  void propose(int i, std::int32_t partition_epoch = 10) {
    queue_->propose({key(i), {{BrokerId{1}, BrokerId{2}}, partition_epoch, LeaderEpoch{3}, {-1, 8}}});
  }
  void settle() { world_.run_for(1s); }

  sim::World world_{1};
  sim::Node* node_ = nullptr;
  std::unique_ptr<AlterPartitionQueue> queue_;
  std::vector<Request> requests_;
  std::vector<std::pair<PartitionKey, std::int32_t>> refused_;
  std::map<PartitionId, ErrorCode> codes_;
  int unreachable_ = 0;
  std::int64_t epoch_ = 5;
};

// An image of before this process may have it lead; the controller knows it by its next epoch only.
TEST_F(AlterPartitionQueueTest, NothingIsAskedBeforeTheBrokerIsRegistered) {
  epoch_ = -1;
  propose(0);
  settle();
  EXPECT_TRUE(requests_.empty());
  epoch_ = 6;
  settle();
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].broker_epoch, 6);
}

TEST_F(AlterPartitionQueueTest, WhatComesWhileARequestIsUnderWayGoesIntoTheNext) {
  for (int i = 0; i < 100; ++i) propose(i);
  settle();
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].topics.at(0).partitions.size(), 100u);
  propose(0);
  world_.run_for(5ms);
  for (int i = 1; i < 50; ++i) propose(i);
  EXPECT_EQ(requests_.size(), 2u) << "one at a time";
  settle();
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_EQ(requests_[2].topics.at(0).partitions.size(), 49u);
  const auto& partition = requests_[2].topics[0].partitions[0];
  EXPECT_EQ(partition.new_isr_with_epochs[0].broker_epoch, 5) << "its own";
  EXPECT_EQ(partition.new_isr_with_epochs[1].broker_epoch, 8);
  EXPECT_EQ(requests_[2].broker_epoch, 5);
}

TEST_F(AlterPartitionQueueTest, ALeaderThatLeavesItselfOutSaysThatItsLogIsOffline) {
  propose(0);
  queue_->propose({key(1), {{BrokerId{2}}, 10, LeaderEpoch{3}, {-1}}});
  settle();
  std::vector<bool> offline;
  for (const auto& request : requests_)
    for (const auto& partition : request.topics.at(0).partitions) offline.push_back(partition.log_offline);
  EXPECT_EQ(offline, (std::vector{false, true}));
}

TEST_F(AlterPartitionQueueTest, AsksAgainUntilAControllerAnswersAndANewerProposalReplacesTheOld) {
  unreachable_ = 3;
  propose(0, 10);
  world_.run_for(12ms);
  propose(0, 11);
  settle();
  ASSERT_GE(requests_.size(), 4u);
  EXPECT_EQ(requests_.back().topics[0].partitions[0].partition_epoch, 11);
  EXPECT_TRUE(refused_.empty()) << "nobody said that nothing was done";
}

TEST_F(AlterPartitionQueueTest, OnlyWhatTheControllerDidNotDoIsRefused) {
  codes_ = {{PartitionId{0}, ErrorCode::kIneligibleReplica},
            {PartitionId{1}, ErrorCode::kInvalidUpdateVersion},
            {PartitionId{2}, ErrorCode::kFencedLeaderEpoch},
            {PartitionId{3}, ErrorCode::kOperationNotAttempted}};
  for (int i = 0; i < 5; ++i) propose(i);
  settle();
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_EQ(refused_, (std::vector<std::pair<PartitionKey, std::int32_t>>{{key(0), 10}, {key(3), 10}}));
}

// The first attempt may be on its way still: what it asks for could be done after all, when nobody here counts with it.
TEST_F(AlterPartitionQueueTest, WhatIsRefusedAfterAnAttemptWithoutAnAnswerIsWithdrawn) {
  unreachable_ = 1;
  codes_ = {{PartitionId{0}, ErrorCode::kIneligibleReplica}};
  propose(0);
  propose(1);
  settle();
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_TRUE(refused_.empty());
  ASSERT_EQ(requests_[2].topics.at(0).partitions.size(), 1u);
  const auto& last = requests_[2].topics[0].partitions[0];
  EXPECT_TRUE(last.withdrawn);
  EXPECT_TRUE(last.new_isr_with_epochs.empty());
  EXPECT_EQ(last.partition_epoch, 10);
}

TEST_F(AlterPartitionQueueTest, AControllerThatIsBehindIsAskedAgainForThatPartitionAlone) {
  codes_ = {{PartitionId{1}, ErrorCode::kNotController}};
  propose(0);
  propose(1);
  settle();
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[1].topics.at(0).partitions.size(), 1u);
}

}  // namespace
}  // namespace thalweg::replica
