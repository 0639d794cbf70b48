#include "broker/directory_assignments.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

constexpr Uuid kHere{7, 7}, kElsewhere{8, 8};
replica::PartitionKey replica_of(int i) { return {Uuid{1, 2}, PartitionId{i}}; }

class DirectoryAssignmentsTest : public ::testing::Test {
 protected:
  using Request = DirectoryAssignments::Request;
  using Response = DirectoryAssignments::Response;

  void SetUp() override {
    node_ = &world_.add_node("b", 1, [](sim::Node&) { return nullptr; });
    node_->start();
    assignments_ = std::make_unique<DirectoryAssignments>(
        node_->shard(0),
        DirectoryAssignments::Links{.self = BrokerId{1},
                                    .broker_epoch = [this] { return epoch_; },
                                    .ask = [this](Request request) { return answer(this, std::move(request)); }});
  }
  static Task<Result<Response>> answer(DirectoryAssignmentsTest* self, Request request) {
    self->requests_.push_back(request);
    co_await self->node_->shard(0).clock.sleep_for(10ms);
    if (self->unreachable_-- > 0) co_return thalweg::fail(ErrorCode::kNotController, "nobody leads");
    Response response;
    response.error_code = std::exchange(self->code_, ErrorCode::kNone);
    if (response.error_code != ErrorCode::kNone) co_return response;
    for (const auto& directory : request.directories) {
      auto& out = response.directories.emplace_back();
      out.id = directory.id;
      for (const auto& topic : directory.topics) {
        auto& of_topic = out.topics.emplace_back();
        of_topic.topic_id = topic.topic_id;
        for (const auto& partition : topic.partitions)
          of_topic.partitions.push_back(
              {.partition_index = partition.partition_index,
               .error_code = std::exchange(self->codes_[partition.partition_index], ErrorCode::kNone)});
      }
    }
    co_return response;
  }
  std::size_t asked(std::size_t request) const {
    std::size_t count = 0;
    for (const auto& directory : requests_.at(request).directories)
      for (const auto& topic : directory.topics) count += topic.partitions.size();
    return count;
  }
  void settle() { world_.run_for(10s); }

  sim::World world_{1};
  sim::Node* node_ = nullptr;
  std::unique_ptr<DirectoryAssignments> assignments_;
  std::vector<Request> requests_;
  std::map<PartitionId, ErrorCode> codes_;
  std::int64_t epoch_ = 5;
  ErrorCode code_ = ErrorCode::kNone;
  int unreachable_ = 0;
};

TEST_F(DirectoryAssignmentsTest, WhatTheImageKnowsIsNotAsked) {
  assignments_->opened(replica_of(0), kHere, kHere);
  settle();
  EXPECT_TRUE(requests_.empty());
}

TEST_F(DirectoryAssignmentsTest, AReplacedDiskCostsOneRequest) {
  for (int i = 0; i < 100; ++i) assignments_->opened(replica_of(i), kHere, kElsewhere);
  settle();
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].broker_epoch, 5);
  ASSERT_EQ(requests_[0].directories.size(), 1u);
  EXPECT_EQ(requests_[0].directories[0].id, kHere);
  EXPECT_EQ(asked(0), 100u);
}

TEST_F(DirectoryAssignmentsTest, ARequestHoldsABoundedNumber) {
  const int all = int(DirectoryAssignments::kPartitionsMax) + 1;
  for (int i = 0; i < all; ++i) assignments_->opened(replica_of(i), kHere, kElsewhere);
  settle();
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(asked(0), DirectoryAssignments::kPartitionsMax);
  EXPECT_EQ(asked(1), 1u);
}

// A broker opens its logs before it registers.
TEST_F(DirectoryAssignmentsTest, NothingIsAskedBeforeTheBrokerIsRegistered) {
  epoch_ = -1;
  assignments_->opened(replica_of(0), kHere, kElsewhere);
  settle();
  EXPECT_TRUE(requests_.empty());
  epoch_ = 6;
  settle();
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].broker_epoch, 6);
}

TEST_F(DirectoryAssignmentsTest, IsAskedAgainUntilAControllerHasAnswered) {
  unreachable_ = 2;
  code_ = ErrorCode::kStaleBrokerEpoch;
  codes_[PartitionId{1}] = ErrorCode::kUnknownServerError;
  for (int i = 0; i < 3; ++i) assignments_->opened(replica_of(i), kHere, kElsewhere);
  settle();
  ASSERT_EQ(requests_.size(), 5u);
  EXPECT_EQ(asked(3), 3u);
  EXPECT_EQ(asked(4), 1u) << "only what was refused";
}

TEST_F(DirectoryAssignmentsTest, AReplicaThatIsNoMoreIsForgotten) {
  codes_[PartitionId{0}] = ErrorCode::kNotLeaderOrFollower;
  codes_[PartitionId{1}] = ErrorCode::kUnknownTopicId;
  for (int i = 0; i < 2; ++i) assignments_->opened(replica_of(i), kHere, kElsewhere);
  settle();
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(DirectoryAssignmentsTest, WhatTheImageHasLearnedMeanwhileIsNotAskedAgain) {
  unreachable_ = 1;
  assignments_->opened(replica_of(0), kHere, kElsewhere);
  world_.run_for(100ms);
  assignments_->opened(replica_of(0), kHere, kHere);
  const auto before = requests_.size();
  settle();
  EXPECT_EQ(requests_.size(), before);
}

}  // namespace
}  // namespace thalweg::broker
