// What befalls a Log between two of its steps: power losses and other callers, at moments that a simulated disk
// decides.
#include <gtest/gtest.h>

#include "record/builder.h"
#include "runtime/yielding.h"
#include "sim/world.h"
#include "storage/fault_disk.h"
#include "storage/log_manager.h"
#include "storage/pieces.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;
constexpr int kSeeds = 20;

class Machine {
 public:
  explicit Machine(std::uint64_t seed) : world(seed) { node.start(); }

  LogPtr open(bool clean = false, std::int64_t segment_bytes = 400) {
    LogOptions options;
    options.clean_shutdown = clean;
    options.directory = kFolder;
    options.partition = {"t", {0}};
    options.topic_id = Uuid{1, 2};
    options.config.segment_bytes = segment_bytes;
    options.config.index_interval_bytes = 50;
    options.files = std::make_shared<FileCache>(node.disk(), 1);
    auto log = *world.run(node, Log::open(node.shard(0), std::move(options)));
    EXPECT_TRUE(log) << log.error().message;
    return log.value_or(nullptr);
  }
  void append(Log& log, int batches, std::string_view value = "a value") {
    for (int i = 0; i < batches; ++i) append_batch(log, 1, value);
  }
  void append_batch(Log& log, int records, std::string_view value) {
    record::BatchBuilder builder;
    for (int i = 0; i < records; ++i)
      builder.append({.timestamp = node.shard(0).clock.wall(), .value = as_bytes(value)});
    ASSERT_TRUE(log.append_as_leader(builder.build(), {.leader_epoch = {1}}));
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

// A follower's log that nobody appends to: the end that a checkpoint waited for is gone, and no sync ever reaches it.
TEST(LogMoments, ACheckpointDoesNotWaitForRecordsThatWereTruncated) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    const LogPtr log = m.open();
    m.append(*log, 3);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    m.append(*log, 3);
    const auto done = std::make_shared<int>(0);
    const auto wait_for = [](Task<Result<>> task, std::shared_ptr<int> count) -> Task<> {
      EXPECT_TRUE(co_await std::move(task));
      ++*count;
    };
    spawn(m.node.shard(0), wait_for(log->flush(), done));
    spawn(m.node.shard(0), wait_for(log->checkpoint(), done));
    m.world.run_for(10us);  // less than any sync takes
    if (seed % 2 == 0)
      ASSERT_TRUE(*m.world.run(m.node, log->truncate_to(Offset{4})));
    else
      ASSERT_TRUE(*m.world.run(m.node, log->truncate_fully_and_start_at(Offset{2})));
    m.world.run_for(10s);
    EXPECT_EQ(*done, 2) << "seed " << seed;
    ASSERT_TRUE(*m.world.run(m.node, log->close(), 10s)) << "seed " << seed;
  }
}

// A second sync beside one that had begun found nothing to do for the names, and called durable what was in a folder
// whose own name was still on the way.
TEST(LogMoments, ATruncationBesideTheFirstSyncCallsNothingDurableWhoseFolderIsNot) {
  for (int seed = 1; seed <= 5 * kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    m.append(*log, 3);
    m.world.run_for(std::chrono::microseconds(10 + m.world.simulation.below(3000)));
    const auto cut = [](LogPtr l) -> Task<> { (void)co_await l->truncate_to(Offset{2}); };
    spawn(m.node.shard(0), cut(log));
    m.world.run_until([&] { return log->end_offset() == Offset{2} && log->durable().value() > Offset{0}; }, 1s);
    const Offset durable = log->durable().value();
    ASSERT_GT(durable, Offset{0});
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    log = m.open();
    ASSERT_TRUE(log) << "seed " << seed;
    EXPECT_GE(log->end_offset(), durable) << "seed " << seed;
  }
}

// The read found where a batch ended, suspended, and put that down after the log had been cut and another batch had
// come there; whoever read on at that offset began inside it. A log remembers a few such places, and newer ones take
// their room; so there is only one read and one more append.
TEST(LogMoments, AReadBesideATruncationLeavesNoPlaceBehindWhereNoBatchBegins) {
  for (int seed = 1; seed <= 3 * kSeeds; ++seed) {
    Machine m(seed);
    const LogPtr log = m.open(false, 100'000);
    m.append(*log, 12);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    const auto read = [](LogPtr l) -> Task<> { (void)co_await l->read(Offset{2}, {.max_bytes = 1 << 20}); };
    m.node.disk().faults.cold_read_one_in = 1;
    spawn(m.node.shard(0), read(log));
    m.world.run_for(std::chrono::microseconds(m.world.simulation.below(300)));
    const auto cut = [](LogPtr l, Machine* machine) -> Task<> {
      (void)co_await l->truncate_to(Offset{3});
      machine->append_batch(*l, 12, std::string(300, 'v'));
    };
    spawn(m.node.shard(0), cut(log, &m));
    m.world.run_for(10s);
    m.node.disk().faults.cold_read_one_in = 0;
    ASSERT_EQ(log->end_offset(), Offset{15});
    // First where the log that was cut had ended.
    for (Offset o{12}; o >= Offset{0}; o = o - 1) {
      const auto data = *m.world.run(m.node, log->read(o, {.max_bytes = 1 << 20}));
      ASSERT_TRUE(data) << data.error().message;
      const auto bytes = *m.world.run(m.node, gather(data->records));
      const auto batches = record::split_batches(*bytes);
      ASSERT_TRUE(batches) << "seed " << seed << " offset " << to_string(o);
      EXPECT_LE(batches->front().base_offset(), o) << "seed " << seed;
      EXPECT_GE(batches->front().last_offset(), o) << "seed " << seed;
      EXPECT_TRUE(batches->front().crc_ok());
    }
  }
}

// What a leader said of an epoch it must still know after a restart, although no record of that epoch is there.
TEST(LogMoments, AnEpochThatWasToldOfSurvivesAPowerLoss) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    m.append(*log, 3);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    log->start_epoch(LeaderEpoch{5});
    const auto told = *m.world.run(m.node, log->end_offset_for_epoch(LeaderEpoch{1}));
    ASSERT_EQ(told, (record::EpochEnd{LeaderEpoch{1}, Offset{3}}));
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    log = m.open();
    EXPECT_EQ(log->latest_epoch(), LeaderEpoch{5}) << "seed " << seed;
    m.append(*log, 1);  // of epoch 1, whose leader the new one follows
    EXPECT_EQ(log->latest_epoch(), LeaderEpoch{1});
    EXPECT_EQ(log->epoch_of(Offset{3}), LeaderEpoch{1});
  }
}

TEST(LogMoments, AnEpochThatWasTruncatedDoesNotComeBack) {
  for (int seed = 1; seed <= kSeeds; ++seed) {
    Machine m(seed);
    LogPtr log = m.open();
    m.append(*log, 3);
    ASSERT_TRUE(*m.world.run(m.node, log->flush()));
    log->start_epoch(LeaderEpoch{5});
    ASSERT_TRUE(*m.world.run(m.node, log->end_offset_for_epoch(LeaderEpoch{5})));
    ASSERT_TRUE(*m.world.run(m.node, log->truncate_to(Offset{seed % 2 == 0 ? 3 : 2})));
    log.reset();
    m.crash(sim::Crash::kPowerLoss);
    EXPECT_EQ(m.open()->latest_epoch(), LeaderEpoch{1}) << "seed " << seed;
  }
}

// Consumers and groups of this shard wait, however much there is to recover.
TEST(LogMoments, RecoveryGivesWayToOthersOnTheShard) {
  Machine m(1);
  m.node.disk().faults.cold_read_one_in = 0;  // all is in the page cache, so nothing else suspends
  LogPtr log = m.open(false, 1 << 30);
  m.append(*log, 300, std::string(100'000, 'v'));
  log.reset();
  m.crash(sim::Crash::kKill);
  Faults faults;
  FaultDisk disk(m.node.disk(), faults);
  const Shard& real = m.node.shard(0);
  const Shard shard{real.id, real.executor, real.clock, disk, real.network, real.random, real.metrics};
  int turns = 0;
  // Until the first sync: then all was read and checked.
  const auto count = [](int* n, const Faults* seen) -> Task<> {
    for (; seen->syncs == 0 && *n < 1000; ++*n) co_await give_way();
  };
  spawn(shard, count(&turns, &faults));
  auto opened = *m.world.run(m.node, Log::open(shard, {.directory = Machine::kFolder, .partition = {"t", {0}}}));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->end_offset(), Offset{300});
  EXPECT_GE(turns, 20) << "30 MB are walked twice, 2 MiB at a time";
  EXPECT_LT(turns, 1000);
  opened = fail(ErrorCode::kNone);
  m.crash(sim::Crash::kKill);
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
    const auto remove = [](LogManager* l, TopicPartition p) -> Task<> {
      co_await l->remove(p.topic, Uuid{1, 2}, {p.partition});
    };
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
