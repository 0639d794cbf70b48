#include "replica/partition.h"

#include <gtest/gtest.h>

#include "replica/partitions.h"
#include "storage/testing.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

constexpr BrokerId kSelf{1}, kOther{2};

metadata::Partition led_by(BrokerId leader, LeaderEpoch epoch, std::vector<BrokerId> isr = {kSelf}) {
  metadata::Partition state;
  state.replicas = {kSelf, kOther};
  state.isr = std::move(isr);
  state.leader = leader;
  state.leader_epoch = epoch;
  return state;
}

struct PartitionTest : testing::Test {
  PartitionPtr open(Durability durability = Durability::kDisk, storage::LogConfig config = {}) {
    auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-0",
                                                  .partition = {"orders", PartitionId{0}},
                                                  .topic_id = Uuid{1, 2},
                                                  .config = config}));
    CHECK(log);
    auto partition = std::make_shared<Partition>(t.shard, kSelf, *log, durability);
    partition->update(led_by(kSelf, LeaderEpoch{3}));
    return partition;
  }
  static Task<> keep(Task<std::vector<Result<>>> task, std::optional<Result<>>& into) {
    into = (co_await std::move(task)).front();
  }
  storage::TestShard t;
};

TEST_F(PartitionTest, TheHighWatermarkPassesARecordOnlyOnceItIsOnDisk) {
  const auto partition = open();
  const auto appended = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(appended);
  EXPECT_EQ(partition->high_watermark().value(), Offset{0});
  EXPECT_TRUE(t.run(partition->high_watermark().reached(appended->end(), std::chrono::hours(1))));
  EXPECT_GE(partition->log().durable().value(), Offset{3});
}

TEST_F(PartitionTest, AcknowledgesFromMemoryWhenToldTo) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  EXPECT_EQ(partition->high_watermark().value(), Offset{1});
}

TEST_F(PartitionTest, RefusesAppendsAndReadsWhereItDoesNotLead) {
  const auto partition = open();
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}})).error().code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(PartitionTest, AcksAllNeedsMinInsyncReplicas) {
  storage::LogConfig config;
  config.min_insync_replicas = 2;
  const auto partition = open(Durability::kDisk, config);
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kNotEnoughReplicas);
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch(), .all_in_sync = false}));
}

TEST_F(PartitionTest, AcksAllNeedsNoMoreReplicasInSyncThanThereAre) {
  storage::LogConfig config;
  config.min_insync_replicas = 2;
  const auto partition = open(Durability::kDisk, config);
  auto alone = led_by(kSelf, LeaderEpoch{4});
  alone.replicas = {kSelf};
  partition->update(alone);
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
}

TEST_F(PartitionTest, JudgesTheLeaderEpochThatAClientBelievesIn) {
  const auto partition = open();
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{2}})).error().code,
            ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{4}})).error().code,
            ErrorCode::kUnknownLeaderEpoch);
  EXPECT_TRUE(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{3}})));
}

TEST_F(PartitionTest, ReadersSeeNothingBeyondTheHighWatermark) {
  const auto partition = open();
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  auto read = t.run(partition->read({.from = Offset{0}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->data.bytes, 0u);
  read = t.run(partition->read({.from = Offset{0}, .isolation = Isolation::kLogEnd}));
  ASSERT_TRUE(read);
  EXPECT_GT(read->data.bytes, 0u);
}

TEST_F(PartitionTest, WhoWaitsIsToldOfWhatCameSinceItLooked) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  for (const auto isolation : {Isolation::kLogEnd, Isolation::kHighWatermark, Isolation::kLastStable}) {
    bool called = false;
    const auto registration = partition->once_readable(isolation, Offset{0}, [&] { called = true; });
    EXPECT_TRUE(called) << int(isolation);
  }
}

TEST_F(PartitionTest, LosingTheRoleAnswersThoseWhoWait) {
  const auto partition = open();
  bool called = false;
  const auto registration = partition->once_readable(Isolation::kHighWatermark, Offset{0}, [&] { called = true; });
  EXPECT_FALSE(called);
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_TRUE(called);
}

TEST_F(PartitionTest, TheDeadlineIsThatOfOtherReplicasNotOfTheDisk) {
  const PartitionKey key{Uuid{1, 2}, PartitionId{0}};
  Partitions partitions(t.shard, kSelf, Durability::kDisk);
  partitions.host(key, open()->log_ptr(), led_by(kSelf, LeaderEpoch{3}));
  std::optional<Result<>> answer;
  const auto let_run = [&] {
    t.context.restart();
    t.context.poll();
  };
  const auto wait_long_for = [&](Offset end) {
    answer.reset();
    spawn(t.shard, keep(partitions.committed({{key, end}}, t.clock.now() + 1s), answer));
    let_run();
    t.clock.advance(1h);
    let_run();
  };
  wait_long_for(Offset{1});
  EXPECT_FALSE(answer);
  ASSERT_TRUE(partitions.append({{key, {.records = storage::make_batch()}}}).front());
  ASSERT_TRUE(t.run(partitions.find(key)->high_watermark().reached(Offset{1}, 2h)));
  let_run();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*answer);
  partitions.update(key, led_by(kSelf, LeaderEpoch{3}, {kSelf, kOther}));
  wait_long_for(Offset{2});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kRequestTimedOut);
}

TEST_F(PartitionTest, DeleteRecordsStopsAtTheHighWatermark) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 5})}));
  EXPECT_EQ(partition->delete_records(Offset{6}).error().code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(partition->delete_records(Offset{2}), Offset{2});
  EXPECT_EQ(partition->delete_records(kNoOffset), Offset{5});
}

TEST_F(PartitionTest, AnswersWhereALeaderEpochEnds) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 2})}));
  partition->update(led_by(kSelf, LeaderEpoch{5}));
  const auto old = partition->end_offset_for_epoch(kNoLeaderEpoch, LeaderEpoch{3});
  ASSERT_TRUE(old);
  EXPECT_EQ(old->epoch, LeaderEpoch{3});
  EXPECT_EQ(old->end_offset, Offset{2});
}

}  // namespace
}  // namespace thalweg::replica
