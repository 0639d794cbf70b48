// When records count and what is synced for it: with every append, or as flush.messages and flush.ms say.
#include <gtest/gtest.h>

#include "metrics/families.h"
#include "metrics/metrics.h"
#include "record/builder.h"
#include "sim/world.h"
#include "storage/fault_disk.h"
#include "storage/log.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

class LogFlushTest : public ::testing::Test {
 protected:
  LogFlushTest() { node.start(); }

  LogOptions options(bool sync_every_append) {
    return {.directory = "/t-0",
            .partition = {"t", {0}},
            .topic_id = Uuid{1, 2},
            .config = config,
            .sync_every_append = sync_every_append};
  }
  // Its syncs are counted.
  LogPtr open(bool sync_every_append) {
    const Shard& real = node.shard(0);
    disk = std::make_unique<FaultDisk>(real.disk, faults);
    shard.emplace(real.id, real.executor, real.clock, *disk, real.network, real.random, real.metrics);
    auto log = *world.run(node, Log::open(*shard, options(sync_every_append)));
    EXPECT_TRUE(log) << log.error().message;
    faults.syncs = 0;
    return log.value_or(nullptr);
  }
  void append(Log& log, int batches) {
    for (int i = 0; i < batches; ++i) append_on(node, log);
  }
  static void append_on(sim::Node& node, Log& log) {
    record::BatchBuilder builder;
    builder.append({.timestamp = node.shard(0).clock.wall(), .value = as_bytes("a value")});
    ASSERT_TRUE(log.append_as_leader(builder.build(), {.leader_epoch = {1}}));
  }

  sim::World world{1};
  sim::Node& node = world.add_node("b", 1, [](sim::Node&) { return nullptr; });
  Faults faults;
  std::unique_ptr<FaultDisk> disk;
  std::optional<Shard> shard;
  LogConfig config;
};

TEST_F(LogFlushTest, WithFsyncARecordCountsWhenItIsOnDiskWhateverTheFlushOptionsAre) {
  config.flush_messages = 1000;
  config.flush_ms = Millis(3600'000);
  const auto log = open(true);
  append(*log, 1);
  EXPECT_EQ(log->acknowledged().value(), Offset{0});
  world.run_for(1s);
  EXPECT_EQ(log->acknowledged().value(), Offset{1});
  EXPECT_EQ(log->durable().value(), Offset{1});
}

TEST_F(LogFlushTest, FromMemoryRecordsCountAtOnceAndNothingIsSynced) {
  const auto log = open(false);
  append(*log, 100);
  EXPECT_EQ(log->acknowledged().value(), Offset{100});
  world.run_for(24h);
  EXPECT_EQ(faults.syncs, 0u);
  EXPECT_EQ(log->durable().value(), Offset{0});
}

TEST_F(LogFlushTest, FlushMessagesBoundsWhatCountsAndIsNotOnDisk) {
  config.flush_messages = 10;
  const auto log = open(false);
  append(*log, 9);
  world.run_for(1s);
  EXPECT_EQ(faults.syncs, 0u);
  EXPECT_EQ(log->acknowledged().value(), Offset{9});
  append(*log, 3);
  EXPECT_EQ(log->acknowledged().value(), Offset{9});
  world.run_for(1s);
  EXPECT_GT(faults.syncs, 0u);
  EXPECT_EQ(log->acknowledged().value(), Offset{12});
  EXPECT_EQ(log->durable().value(), Offset{12});
}

TEST_F(LogFlushTest, FlushMsBoundsHowLongARecordIsNotOnDisk) {
  config.flush_ms = Millis(1000);
  const auto log = open(false);
  append(*log, 1);
  world.run_for(600ms);
  append(*log, 1);
  world.run_for(399ms);
  EXPECT_EQ(faults.syncs, 0u);
  world.run_for(100ms);
  EXPECT_EQ(log->durable().value(), Offset{2});
  const auto syncs = faults.syncs;
  world.run_for(1h);
  EXPECT_EQ(faults.syncs, syncs) << "nothing new is there";
  append(*log, 1);
  world.run_for(1100ms);
  EXPECT_EQ(log->durable().value(), Offset{3});
}

TEST_F(LogFlushTest, OptionsThatChangeHoldForTheNextRecordAndForThoseThatWait) {
  config.flush_messages = 3;
  const auto log = open(false);
  append(*log, 2);
  config.flush_messages = 1;
  log->set_config(config);
  world.run_for(1s);
  EXPECT_EQ(log->durable().value(), Offset{2});
  config.flush_messages = std::numeric_limits<std::int64_t>::max();
  config.flush_ms = Millis(std::numeric_limits<std::int64_t>::max());
  log->set_config(config);
  append(*log, 1);
  EXPECT_EQ(log->acknowledged().value(), Offset{3});
  world.run_for(24h);
  EXPECT_EQ(log->durable().value(), Offset{2});
}

TEST_F(LogFlushTest, AFullSegmentAndACheckpointComeToDiskUnderEveryPolicy) {
  config.segment_bytes = 400;
  const auto log = open(false);
  append(*log, 20);
  ASSERT_GT(log->segment_count(), 2u);
  world.run_for(1s);
  EXPECT_GT(log->durable().value(), Offset{0});
  append(*log, 1);
  ASSERT_TRUE(*world.run(node, log->checkpoint()));
  EXPECT_EQ(log->recovery_point(), log->end_offset());
}

// What acks from memory promise: a power loss takes no more than flush.messages - 1 records, and none that is older
// than flush.ms and the time of a sync.
TEST_F(LogFlushTest, APowerLossTakesNoMoreThanTheFlushOptionsAllow) {
  config.flush_messages = 7;
  config.flush_ms = Millis(50);
  std::int64_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    sim::World here(seed);
    sim::Node& machine = here.add_node("b", 1, [](sim::Node&) { return nullptr; });
    machine.start();
    auto log = **here.run(machine, Log::open(machine.shard(0), options(false)));
    std::map<Offset, Instant> acknowledged;  // and when
    for (std::uint64_t i = 0; i < 30 + seed; ++i) {
      append_on(machine, *log);
      here.run_for(std::chrono::microseconds(here.simulation.below(20'000)));
      for (Offset o{0}; o < log->acknowledged().value(); o = o + 1) acknowledged.try_emplace(o, here.now());
    }
    const Instant now = here.now();
    log.reset();
    machine.crash(sim::Crash::kPowerLoss);
    machine.start();
    log = **here.run(machine, Log::open(machine.shard(0), options(false)));
    std::int64_t gone = 0;
    for (const auto& [offset, when] : acknowledged) {
      if (offset < log->end_offset()) continue;
      ++gone;
      EXPECT_GT(when, now - 50ms - 25ms) << "seed " << seed << " offset " << to_string(offset);
    }
    EXPECT_LT(gone, 7) << "seed " << seed;
    lost += gone;
    log.reset();
    machine.crash(sim::Crash::kKill);
  }
  EXPECT_GT(lost, 0) << "nothing was at stake";
}

TEST_F(LogFlushTest, SyncsAreCountedAndTimed) {
  const auto log = open(true);
  append(*log, 1);
  world.run_for(1s);  // the first time, the folder's own files are synced, too
  const auto counted = [&] { return node.shard(0).metrics.snapshot(); };
  const auto times = [&] { return std::get<Histogram>(*counted().find(family::kLogSyncTime)); };
  const auto counted_before = times().count(), syncs_before = faults.syncs;
  for (int i = 0; i < 5; ++i) {
    append(*log, 3);
    world.run_for(1s);
  }
  const auto syncs = faults.syncs - syncs_before;
  EXPECT_GE(syncs, 5u);
  EXPECT_EQ(times().count() - counted_before, syncs);
  EXPECT_GE(times().sum(), syncs * std::uint64_t(Instant(node.disk().faults.sync_min).count()));
  EXPECT_EQ(std::get<std::uint64_t>(*counted().find(family::kLogDirectorySyncs)), faults.directory_syncs);
  EXPECT_EQ(std::get<std::uint64_t>(*counted().find(family::kLogSyncFailures)), 0u);
  faults.syncs_fail = true;
  append(*log, 1);
  world.run_for(1s);
  EXPECT_TRUE(log->is_offline());
  EXPECT_EQ(std::get<std::uint64_t>(*counted().find(family::kLogSyncFailures)), 1u);
}

}  // namespace
}  // namespace thalweg::storage
