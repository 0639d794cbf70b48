// What a Log promises when the disk does not: a full disk is survived, a failed write or sync is final.
#include <gtest/gtest.h>

#include "storage/fault_disk.h"
#include "storage/pieces.h"
#include "storage/testing.h"

namespace thalweg::storage {
namespace {

class LogFaultsTest : public ::testing::Test {
 protected:
  LogPtr open(bool sync_every_append = true) {
    LogOptions o;
    o.sync_every_append = sync_every_append;
    o.directory = t.directory + "/orders-0";
    o.partition = {"orders", {0}};
    o.topic_id = Uuid{1, 2};
    o.config = config;
    auto log = t.run(Log::open(shard, std::move(o)));
    if (!log) ADD_FAILURE() << log.error().message;
    return log.value_or(nullptr);
  }
  AppendResult append(Log& log, const BatchSpec& spec = {}) {
    return log.append_as_leader(make_batch(spec), {.leader_epoch = {1}});
  }

  TestShard t;
  Faults faults;
  FaultDisk disk{t.disk, faults};
  Shard shard{0, t.context.get_executor(), t.clock, disk, t.network, t.random, t.metrics};
  LogConfig config;
};

TEST_F(LogFaultsTest, NothingIsAcknowledgedAfterAFailedSync) {
  const auto log = open();
  ASSERT_TRUE(append(*log));
  ASSERT_TRUE(t.run(log->flush()));
  faults.syncs_fail = true;
  ASSERT_TRUE(append(*log));
  EXPECT_FALSE(t.run(log->flush()));
  EXPECT_TRUE(log->is_offline());
  faults.syncs_fail = false;  // the disk says all is well again, but the pages may be gone
  EXPECT_EQ(append(*log).error().error.code, ErrorCode::kKafkaStorageError);
  EXPECT_FALSE(t.run(log->durable().reached(Offset{2}, t.clock.now() + std::chrono::hours(1))));
  EXPECT_EQ(log->durable().value(), Offset{1});
  EXPECT_EQ(t.run(log->read(Offset{0}, {})).error().code, ErrorCode::kKafkaStorageError);
}

TEST_F(LogFaultsTest, ASyncThatFailsForLackOfRoomIsFinalToo) {
  config.index_interval_bytes = 50;
  const auto log = open();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(append(*log));
  faults.index_syncs_full = true;
  EXPECT_FALSE(t.run(log->checkpoint()));
  EXPECT_TRUE(log->is_offline());
  EXPECT_EQ(log->recovery_point(), Offset{0});
}

// Found as seed 873 of log_sim_test: a checkpoint called names synced that a power loss then took back, and the log,
// with its old end, was refused.
TEST_F(LogFaultsTest, ALogWhoseEmptyingIsNotOnDiskDoesNotCallItsNewStartRecovered) {
  const auto log = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->append_as_leader(make_batch(), {.leader_epoch = kNoLeaderEpoch}));
  ASSERT_TRUE(t.run(log->checkpoint()));
  faults.directory_syncs_fail = true;
  ASSERT_FALSE(t.run(log->truncate_fully_and_start_at(Offset{10})));
  ASSERT_EQ(log->start_offset(), Offset{10});
  ASSERT_TRUE(log->is_offline());
  EXPECT_EQ(log->recovery_point(), Offset{0});
}

TEST_F(LogFaultsTest, AFailedWriteTakesTheLogOffline) {
  const auto log = open();
  faults.writes_fail = true;
  EXPECT_FALSE(append(*log));
  EXPECT_TRUE(log->is_offline());
}

TEST_F(LogFaultsTest, AFullDiskRefusesWithoutATraceAndWritingResumesWhenThereIsRoom) {
  config.segment_bytes = 1000;  // so that some appends have to roll
  config.index_interval_bytes = 100;
  auto log = open();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(append(*log, {.records = 2, .value_size = 100}));
  const Offset end = log->end_offset();
  const std::uint64_t size = log->size_bytes();
  // However much room is left, the answer is the same and nothing half-written stays.
  for (std::uint64_t room = 0; room < 300; room += 7) {
    faults.bytes_left = room;
    const auto refused = append(*log, {.records = 2, .value_size = 400});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(Disk::is_full(refused.error().error)) << refused.error().error.message;
    EXPECT_FALSE(log->is_offline());
    EXPECT_EQ(log->end_offset(), end);
    EXPECT_EQ(log->size_bytes(), size);
    EXPECT_TRUE(t.run(log->read(Offset{0}, {})));
  }
  faults.bytes_left = 1 << 20;
  EXPECT_EQ(append(*log, {.records = 2, .value_size = 400})->first, end);
  ASSERT_TRUE(t.run(log->flush()));
  log.reset();
  log = open();
  EXPECT_EQ(log->end_offset(), end + 2);
  Offset at{0};
  while (at < log->end_offset()) at = t.run(log->read(at, {}))->next;
}

// Found by the simulation: the part of a refused batch came back with a power loss, in front of the next segment, and
// recovery cut off everything behind it.
TEST_F(LogFaultsTest, WhatAFullDiskRefusedIsCutOnDiskBeforeLaterRecordsCount) {
  config.segment_bytes = 1000;
  const auto log = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(*log, {.records = 2, .value_size = 100}));
  ASSERT_TRUE(t.run(log->flush()));
  faults.bytes_left = 40;
  ASSERT_FALSE(append(*log, {.records = 1, .value_size = 20}));
  ASSERT_EQ(log->segment_count(), 1u);
  faults.bytes_left = 1 << 20;
  const auto before = faults.syncs;
  ASSERT_TRUE(append(*log, {.records = 2, .value_size = 400}));  // in a segment of its own
  ASSERT_EQ(log->segment_count(), 2u);
  ASSERT_TRUE(t.run(log->flush()));
  EXPECT_EQ(faults.syncs - before, 2u) << "the segment that was cut, and the new one";
}

TEST_F(LogFaultsTest, ASyncThatHasNoRoomForWhatWaitsInMemoryIsTriedAgain) {
  const auto log = open();
  ASSERT_TRUE(append(*log));
  ASSERT_TRUE(t.run(log->flush()));
  const auto before = faults.syncs;
  faults.syncs_postponed = true;
  ASSERT_TRUE(append(*log));
  while (faults.syncs == before) t.context.restart(), t.context.run_one();
  t.context.restart();
  t.context.poll();
  EXPECT_EQ(log->durable().value(), Offset{1});
  EXPECT_TRUE(Disk::is_postponed(t.run(log->flush()).error())) << "a stop does not wait for room";
  EXPECT_FALSE(log->is_offline());
  faults.syncs_postponed = false;
  t.clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(t.run(log->durable().reached(Offset{2}, Instant::max())));
}

TEST_F(LogFaultsTest, WhatHardlyAnybodyReadsIsWrittenUnreadUnlessItCountsBeforeItIsOnTheDisk) {
  for (const bool sync_every_append : {true, false}) {
    for (const Readers readers : {Readers::kSoon, Readers::kSeldom}) {
      const auto log = open(sync_every_append);
      const auto before = faults.unread_writes;
      const BatchSpec next{.options = {.base_offset = log->end_offset(), .leader_epoch = {1}}};
      EXPECT_TRUE(log->append_as_follower(make_batch(next), kAnyLeaderEpoch, readers));
      EXPECT_EQ(faults.unread_writes - before, sync_every_append && readers == Readers::kSeldom ? 1u : 0u);
      ASSERT_TRUE(t.run(log->flush()));
    }
  }
}

TEST_F(LogFaultsTest, AppendsThatArriveDuringASyncShareTheNext) {
  const auto log = open();
  ASSERT_TRUE(append(*log));
  ASSERT_TRUE(t.run(log->flush()));
  const auto before = faults.syncs;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append(*log));
  ASSERT_TRUE(t.run(log->flush()));
  EXPECT_LE(faults.syncs - before, 3u);
  EXPECT_EQ(log->durable().value(), Offset{101});
}

}  // namespace
}  // namespace thalweg::storage
