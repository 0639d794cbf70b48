// What befalls a Log between two of its steps: power losses and other callers, at moments that a simulated disk
// decides.
#include <gtest/gtest.h>

#include "record/builder.h"
#include "sim/world.h"
#include "storage/log_manager.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;
constexpr int kSeeds = 20;

class Machine {
 public:
  explicit Machine(std::uint64_t seed) : world(seed) { node.start(); }

  LogPtr open(bool clean = false) {
    LogOptions options;
    options.clean_shutdown = clean;
    options.directory = kFolder;
    options.partition = {"t", {0}};
    options.topic_id = Uuid{1, 2};
    options.config.segment_bytes = 400;
    options.config.index_interval_bytes = 50;
    options.files = std::make_shared<FileCache>(node.disk(), 1);
    auto log = *world.run(node, Log::open(node.shard(0), std::move(options)));
    EXPECT_TRUE(log) << log.error().message;
    return log.value_or(nullptr);
  }
  void append(Log& log, int batches) {
    for (int i = 0; i < batches; ++i) {
      record::BatchBuilder builder;
      builder.append({.timestamp = node.shard(0).clock.wall(), .value = as_bytes("a value")});
      ASSERT_TRUE(log.append_as_leader(builder.build(), {.leader_epoch = {1}}));
    }
  }
  void crash(sim::Crash how) {
    node.crash(how);
    node.start();
  }

  static constexpr const char* kFolder = "/t-0";
  sim::World world;
  sim::Node& node = world.add_node("b", 2, [](sim::Node&) { return nullptr; });
};

TEST(LogMoments, ATruncationIsOnDiskWhenItReturns) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    m.append(*log, 20);  // several segments
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    ASSERT_TRUE(*m.world.run(m.node, log->truncate_to(Offset{7})));
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    log = m.open();
    ASSERT_EQ(log->end_offset(), Offset{7}) << "seed " << seed;
    ASSERT_TRUE(*m.world.run(m.node, log->truncate_fully_and_start_at(Offset{50})));
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    ASSERT_EQ(m.open()->start_offset(), Offset{50}) << "seed " << seed;
  }
}

// Found as seed 288 of log_sim_test: bytes were written again after a failed sync, but not the shorter length.
TEST(LogMoments, ATruncationWhoseSyncFailedDoesNotComeBackWithALaterPowerLoss) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    m.append(*log, 3);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    m.node.disk().faults.sync_fails_one_in = 1;
    ASSERT_FALSE(*m.world.run(m.node, log->truncate_to(Offset{2})));
    ASSERT_TRUE(log->is_offline());
    m.node.disk().faults.sync_fails_one_in = 0;
    log.reset();
    m.crash(sim::Crash::kKill);
    ASSERT_EQ(m.open()->end_offset(), Offset{2});
    m.crash(sim::Crash::kPowerLoss);
    ASSERT_EQ(m.open()->end_offset(), Offset{2}) << "seed " << seed;
  }
}

// Found as seed 342 of log_sim_test: what the first life could not bring to disk the second took for durable.
TEST(LogMoments, WhoseFolderItIsSurvivesAKillBeforeTheFirstSyncAndAPowerLossAfterTheNext) {
  for (int seed = 1; seed <= 2 * kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    if (seed % 2 == 0) {
      m.node.disk().faults.sync_fails_one_in = 1;
      m.append(*log, 1);
      ASSERT_FALSE(*m.world.run(m.node, log->flush()));
      m.node.disk().faults.sync_fails_one_in = 0;
    }
    log.reset();
    m.crash(sim::Crash::kKill);
    log = m.open();
    m.append(*log, 1);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    const Offset end = log->end_offset();
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    log = m.open();
    ASSERT_TRUE(log) << "seed " << seed;
    EXPECT_EQ(log->end_offset(), end);
    EXPECT_EQ(log->topic_id(), (Uuid{1, 2}));
  }
}

TEST(LogMoments, ALogThatWasStoppedEmptyLosesNothingThatIsAppendedLater) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    ASSERT_TRUE(*m.world.run(m.node, log->close()));
    log.reset();
    m.crash(sim::Crash::kKill);
    log = m.open(true);
    m.append(*log, 1);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    log = m.open();
    ASSERT_TRUE(log) << "seed " << seed;
    EXPECT_EQ(log->end_offset(), Offset{1});
  }
}

// The partition was deleted and made again while a checkpoint of the old log waited for a sync.
TEST(LogMoments, ARetiredLogWritesNothingIntoTheFolderOfItsSuccessor) {
  Machine m(1);
  const LogPtr log = m.open();
  m.append(*log, 3);
  const auto checkpoint = [](LogPtr l) -> Task<> { co_await l->checkpoint(); };
  spawn(m.node.shard(0), checkpoint(log));
  m.world.run_for(10us);  // less than any sync takes
  log->retire();
  ASSERT_TRUE(m.node.disk().rename(Machine::kFolder, "/t-0.aside-delete"));
  ASSERT_TRUE(m.node.disk().make_directory(Machine::kFolder));
  m.world.run_for(10s);
  EXPECT_TRUE(m.node.disk().list(Machine::kFolder)->empty());
}

TEST(LogMoments, ASearchByTimeGoesOnWhereTheLogBeginsAfterSegmentsWentMeanwhile) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    const LogPtr log = m.open();
    m.append(*log, 40);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    log->set_high_watermark(log->end_offset());
    const auto found = std::make_shared<std::optional<Result<TimestampAndOffset>>>();
    const auto search = [](LogPtr l, auto result) -> Task<> { result->emplace(co_await l->offset_for_timestamp(0)); };
    m.node.disk().faults.cold_read_one_in = 1;
    spawn(m.node.shard(0), search(log, found));
    m.world.run_for(10us);  // less than a cold read takes
    ASSERT_TRUE(log->delete_records_before(Offset{30}));
    m.world.run_for(10s);
    ASSERT_TRUE(found->has_value() && **found) << "seed " << seed;
    EXPECT_GE((**found)->offset, Offset{30});
  }
}

TEST(LogMoments, APartitionThatIsBeingRemovedIsNotOpenedAgainInItsOldFolder) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    LogManagerConfig config;
    config.log_dirs = {"/data"};
    config.node_id = BrokerId{1};
    LogManager manager({&m.node.shard(0), &m.node.shard(1)}, config);
    ASSERT_TRUE(*m.world.run(m.node, manager.start("sim")));
    const TopicPartition id{"t", {0}};
    const LogPtr old = **m.world.run(m.node, manager.open(id, Uuid{1, 2}, {}, 1));
    m.append(*old, 1);
    const auto remove = [](LogManager* l, TopicPartition p) -> Task<> { co_await l->remove(std::move(p)); };
    spawn(m.node.shard(0), remove(&manager, id));
    const auto opened = *m.world.run(m.node, manager.open(id, Uuid{3, 4}, {}, 1));
    m.world.run_for(10s);
    if (opened)
      EXPECT_EQ((*opened)->end_offset(), Offset{0});
    else
      EXPECT_EQ(opened.error().code, ErrorCode::kReplicaNotAvailable) << opened.error().message;
    m.node.crash(sim::Crash::kKill);  // ends what runs in the background before the manager goes
  }
}

}  // namespace
}  // namespace thalweg::storage
