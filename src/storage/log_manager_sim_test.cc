// The log manager on a slow disk, on one that loses power between any two steps, and on a machine that runs out of
// descriptors.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"
#include "record/builder.h"
#include "sim/world.h"
#include "storage/log_manager.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

LogManagerConfig config_of_test() {
  LogManagerConfig config;
  config.log_dirs = {"/var/data/a", "/var/data/b"};
  config.node_id = BrokerId{1};
  config.checkpoint_interval = config.start_offset_checkpoint_interval = Millis(300);
  return config;
}

SharedBytes batch_of(Timestamp now) {
  record::BatchBuilder builder;
  builder.append({.timestamp = now, .key = as_bytes("key"), .value = as_bytes("value")});
  return builder.build();
}

struct Manager {
  explicit Manager(sim::Node& node) : manager({&node.shard(0), &node.shard(1)}, config_of_test()) {}
  LogManager manager;
};

std::vector<PartitionId> first_partitions(std::int32_t count) {
  std::vector<PartitionId> all;
  for (std::int32_t p = 0; p < count; ++p) all.push_back({p});
  return all;
}

// ---- Nobody waits for the disk

struct SlowDisk : testing::Test {
  SlowDisk() {
    log::set_level(log::Level::kError);
    node.start();
    EXPECT_TRUE(world.run(node, manager().start("sim")).value_or(fail(ErrorCode::kKafkaStorageError)));
  }
  LogManager& manager() { return node.program<Manager>().manager; }
  // How long it takes in the node's time.
  template <class T>
  Instant took(Task<T> task) {
    const Instant before = world.now();
    EXPECT_TRUE(world.run(node, std::move(task)));
    return world.now() - before;
  }
  static Task<bool> open_all(LogManager* manager, std::int32_t count, Uuid id, bool append) {
    for (std::int32_t p = 0; p < count; ++p) {
      const auto log = co_await manager->open({"big", {p}}, id, {}, unsigned(p % 2));
      if (!log) co_return false;
      if (append) static_cast<void>((*log)->append_as_leader(batch_of(0), {.leader_epoch = {1}}));
    }
    co_return true;
  }
  static Task<bool> remove_all(LogManager* manager, std::int32_t count, Uuid id) {
    co_await manager->remove("big", id, first_partitions(count));
    co_return true;
  }

  sim::World world{7};
  sim::Node& node = world.add_node("b", 2, [](sim::Node& n) { return std::make_shared<Manager>(n); });
};

TEST_F(SlowDisk, CreatingAndDeletingAThousandPartitionsWaitsForNoSync) {
  auto& faults = node.disk().faults;
  ASSERT_LT(took(open_all(&manager(), 1000, Uuid{1, 1}, true)), 50ms);
  world.run_for(2s);  // appended, synced, checkpointed
  faults.sync_min = faults.sync_max = 1s;
  world.run_for(1500ms);  // a pass of checkpoints is under way, in the middle of its syncs
  EXPECT_LT(took(remove_all(&manager(), 1000, Uuid{1, 1})), 50ms);
  EXPECT_LT(took(manager().open({"other", {0}}, Uuid{2, 2}, {}, 0)), 50ms);
}

// The other half of that bargain: what must be on disk first is waited for.
TEST_F(SlowDisk, AFolderOfTheSameNameWaitsUntilTheOldOneIsGoneFromTheDisk) {
  ASSERT_LT(took(open_all(&manager(), 4, Uuid{1, 1}, true)), 50ms);
  world.run_for(2s);
  auto& faults = node.disk().faults;
  faults.sync_min = faults.sync_max = 1s;
  ASSERT_LT(took(remove_all(&manager(), 4, Uuid{1, 1})), 50ms);
  EXPECT_GE(took(open_all(&manager(), 4, Uuid{2, 2}, false)), 1s);
  EXPECT_EQ(manager().find({"big", {0}})->end_offset(), Offset{0});
}

// ---- Deleted records stay deleted

struct DeletedRecords : SlowDisk {
  static constexpr std::int64_t kBatches = 40;

  Result<LogPtr> open() {
    return world.run(node, manager().open({"orders", {0}}, Uuid{1, 1}, {}, 1))
        .value_or(fail(ErrorCode::kUnknownServerError));
  }
  // On the log's shard: answers when the deletion is said to be on disk.
  static Task<bool> delete_before(LogPtr log, Clock* clock, Offset before) {
    if (!log->delete_records_before(before)) co_return false;
    co_return co_await log->durable_start().reached(before, clock->now() + 10s);
  }
  static Task<> keep(Task<bool> task, std::shared_ptr<std::optional<bool>> into) { *into = co_await std::move(task); }
  bool deleted(const LogPtr& log, Offset before) {
    const auto done = std::make_shared<std::optional<bool>>();
    const auto& shard = node.shard(1);
    spawn(shard, keep(delete_before(log, &shard.clock, before), done));
    world.run_until([&] { return done->has_value(); }, 20s);
    return done->value_or(false);
  }
  void lose_power() {
    node.crash(sim::Crash::kPowerLoss);
    node.start();
    ASSERT_TRUE(world.run(node, manager().start("sim")).value_or(fail(ErrorCode::kKafkaStorageError)));
  }
};

// Killed while the start is written: the next process may find it in the cache alone, and believes it.
TEST_F(DeletedRecords, StayDeletedOnceAProcessHasSeenThatTheyAre) {
  auto log = open();
  ASSERT_TRUE(log);
  for (std::int64_t i = 0; i < kBatches; ++i) ASSERT_TRUE((*log)->append_as_leader(batch_of(0), {.leader_epoch = {1}}));
  ASSERT_TRUE(world.run_until([&] { return (*log)->durable().value() == Offset{kBatches}; }, 10s));
  // A log without a recovery point on disk syncs the names of its directory when it is opened; this one has one.
  world.run_for(1s);
  node.disk().faults.sync_min = node.disk().faults.sync_max = 20ms;
  for (std::int64_t before = 1; before < kBatches; ++before) {
    (*log)->set_high_watermark(Offset{kBatches});
    ASSERT_TRUE((*log)->delete_records_before(Offset{before}));
    world.run_for(Millis(world.simulation.below(60)));
    node.crash(sim::Crash::kKill);
    node.start();
    ASSERT_TRUE(world.run(node, manager().start("sim")).value_or(fail(ErrorCode::kKafkaStorageError)));
    log = open();
    ASSERT_TRUE(log);
    const Offset seen = (*log)->start_offset();
    lose_power();
    log = open();
    ASSERT_TRUE(log);
    ASSERT_GE((*log)->start_offset(), seen);
  }
}

// At whatever moment of the passes that write checkpoints, which may carry an older start than the one that was kept.
TEST_F(DeletedRecords, StayDeletedThroughPowerLossesOnceTheStartIsOnDisk) {
  auto log = open();
  ASSERT_TRUE(log);
  for (std::int64_t i = 0; i < kBatches; ++i) ASSERT_TRUE((*log)->append_as_leader(batch_of(0), {.leader_epoch = {1}}));
  ASSERT_TRUE(world.run_until([&] { return (*log)->durable().value() == Offset{kBatches}; }, 10s));
  (*log)->set_high_watermark(Offset{kBatches});
  world.run_for(1s);  // so that the high watermark is on disk, too
  for (std::int64_t before = 1; before < kBatches; ++before) {
    node.disk().faults.sync_min = node.disk().faults.sync_max = Millis(world.simulation.below(120));
    world.run_for(Millis(world.simulation.below(700)));
    ASSERT_TRUE(deleted(*log, Offset{before}));
    lose_power();
    log = open();
    ASSERT_TRUE(log);
    ASSERT_EQ((*log)->start_offset(), Offset{before});
    (*log)->set_high_watermark(Offset{kBatches});
  }
}

// A pass has asked this log already and still waits for another one's sync, while the start is raised and kept.
TEST_F(DeletedRecords, StayDeletedWhenAPassOfCheckpointsHasAskedBefore) {
  const auto log = open();
  const auto other = world.run(node, manager().open({"orders", {1}}, Uuid{1, 1}, {}, 0));
  ASSERT_TRUE(log && other && *other);
  for (std::int64_t i = 0; i < kBatches; ++i) ASSERT_TRUE((*log)->append_as_leader(batch_of(0), {.leader_epoch = {1}}));
  world.run_for(1s);
  ASSERT_EQ((*log)->durable().value(), Offset{kBatches});
  (*log)->set_high_watermark(Offset{kBatches});
  world.run_for(1s);  // so that the high watermark is on disk, too

  auto& faults = node.disk().faults;
  faults.sync_min = faults.sync_max = 1s;
  ASSERT_TRUE((**other)->append_as_leader(batch_of(0), {.leader_epoch = {1}}));
  world.run_for(500ms);  // a pass begins every 300 ms
  faults.sync_min = faults.sync_max = 1ms;
  ASSERT_TRUE(deleted(*log, Offset{10}));
  ASSERT_EQ((**other)->durable().value(), Offset{0}) << "the pass is over before the records are deleted";
  ASSERT_TRUE(world.run_until([&] { return (**other)->durable().value() == Offset{1}; }, 2s));
  world.run_for(100ms);  // the pass writes what it was told; the next one has not begun
  for (int life = 0; life < 5; ++life) {
    lose_power();
    const auto after = open();
    ASSERT_TRUE(after);
    ASSERT_EQ((*after)->start_offset(), Offset{10});
  }
}

// ---- Power fails between any two steps

// What the metadata say; outlives every crash, and is ahead of what the manager has done.
struct Image {
  std::map<std::string, Uuid> topics;
  std::map<std::pair<Uuid, std::int32_t>, Offset> acknowledged;  // the end of what was
  std::uint64_t next_id = 1;
  std::uint64_t opened = 0;
  std::string failure;
};

class TopicsLife {
 public:
  static constexpr std::int32_t kPartitions = 3;

  TopicsLife(sim::Node& node, Image& image)
      : node_(node), image_(image), manager_({&node.shard(0), &node.shard(1)}, config_of_test()) {
    spawn(node.shard(0), run());
  }

 private:
  std::uint64_t below(std::uint64_t n) { return node_.world().simulation.below(n); }
  void found(std::string what) {
    if (image_.failure.empty()) image_.failure = std::move(what);
  }

  Task<> run() {
    if (auto started = co_await manager_.start("sim"); !started) co_return found(started.error().message);
    for (const auto& [name, id] : std::map(image_.topics)) co_await open(name, id);
    for (const UnopenedLog& stray : manager_.unopened()) static_cast<void>(manager_.set_aside(stray.partition));
    while (image_.failure.empty()) {
      co_await node_.shard(0).clock.sleep_for(std::chrono::milliseconds(below(40)));
      const std::string name = "t" + std::to_string(below(3));
      if (const auto there = image_.topics.find(name); there == image_.topics.end()) {
        const Uuid id = image_.topics[name] = Uuid{1, image_.next_id++};
        co_await open(name, id);
      } else if (below(3) == 0) {
        const Uuid id = there->second;
        image_.topics.erase(there);
        co_await manager_.remove(name, id, first_partitions(kPartitions));
      } else {
        spawn(node_.shard(0), append(name, there->second, std::int32_t(below(kPartitions))));
      }
    }
  }

  Task<> open(std::string name, Uuid id) {
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      LogConfig config;
      config.file_delete_delay_ms = Millis(200);
      const auto log = co_await manager_.open({name, {p}}, id, config, 0);
      if (!log) co_return found(name + " is lost: " + log.error().message);
      if ((*log)->topic_id() != id) co_return found(name + " is another topic");
      const Offset owed = image_.acknowledged[{id, p}];
      if ((*log)->end_offset() < owed) co_return found(name + " has lost records");
      if (owed == Offset{0} && (*log)->end_offset() > Offset{8}) co_return found(name + " has come back");
      ++image_.opened;
    }
  }

  Task<> append(std::string name, Uuid id, std::int32_t p) {
    const LogPtr log = manager_.find({name, {p}});
    if (!log || log->topic_id() != id) co_return;
    const auto info = log->append_as_leader(batch_of(0), {.leader_epoch = {1}});
    if (!info || !co_await log->durable().reached(info->end(), node_.shard(0).clock.now() + 10s)) co_return;
    Offset& end = image_.acknowledged[{id, p}];
    end = std::max(end, info->end());
  }

  sim::Node& node_;
  Image& image_;
  LogManager manager_;
};

std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t usual) {
  const char* one = std::getenv("THALWEG_SEED");
  const char* many = std::getenv("THALWEG_SEEDS");
  if (one) return {std::strtoull(one, nullptr, 10), std::strtoull(one, nullptr, 10)};
  return {1, many ? std::strtoull(many, nullptr, 10) : usual};
}

TEST(LogManagerSimulation, NoCrashLosesAPartitionOrBringsOneBack) {
  log::set_level(log::Level::kError);
  const auto [first, last] = seeds(30);
  std::uint64_t opened = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    sim::World world(seed);
    Image image;
    sim::Node& node = world.add_node("b", 2, [&](sim::Node& n) { return std::make_shared<TopicsLife>(n, image); });
    for (int life = 0; life < 8 && image.failure.empty(); ++life) {
      node.start();
      world.run_for(std::chrono::milliseconds(30 + world.simulation.below(900)));
      node.crash(world.simulation.below(4) == 0 ? sim::Crash::kKill : sim::Crash::kPowerLoss);
    }
    ASSERT_EQ(image.failure, "") << "seed " << seed;
    opened += image.opened;
  }
  EXPECT_GT(opened, (last - first + 1) * 20);
}

// ---- Descriptors

// Twenty logs are written and read while the process has descriptors for a few, now and then for none.
class BusyLife {
 public:
  static constexpr std::int32_t kLogs = 20;

  BusyLife(sim::Node& node, std::string& failure)
      : node_(node), failure_(failure), manager_({&node.shard(0), &node.shard(1)}, config_of_test()) {
    spawn(node.shard(0), run());
  }
  std::uint64_t appended = 0, refused = 0;
  bool ending = false;
  int busy = 0;

 private:
  std::uint64_t below(std::uint64_t n) { return node_.world().simulation.below(n); }
  const Shard& shard_of(std::int32_t p) const { return node_.shard(unsigned(p % 2)); }
  void found(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  Task<> run() {
    if (auto started = co_await manager_.start("sim"); !started) co_return found(started.error().message);
    spawn(node_.shard(0), squeeze());
    for (std::int32_t p = 0; p < kLogs; ++p) {
      LogConfig config;
      config.segment_bytes = 1000;
      config.index_interval_bytes = 100;
      auto log = co_await manager_.open({"t", {p}}, Uuid{1, 1}, config, unsigned(p % 2));
      for (; !log && Disk::is_passing(log.error()) && !ending;
           log = co_await manager_.open({"t", {p}}, Uuid{1, 1}, config, unsigned(p % 2)))
        co_await node_.shard(0).clock.sleep_for(20ms);
      if (!log && ending) co_return;
      if (!log) co_return found(log.error().message);
      ++busy;
      spawn(shard_of(p), live(p, *log));
    }
  }

  // Others take what there is, and give it back.
  Task<> squeeze() {
    auto& faults = node_.disk().faults;
    while (!ending) {
      faults.open_files_max = below(4);
      co_await node_.shard(0).clock.sleep_for(std::chrono::milliseconds(below(60)));
      if (ending) co_return;
      faults.open_files_max = 24;
      co_await node_.shard(0).clock.sleep_for(std::chrono::milliseconds(below(120)));
    }
  }

  Task<> live(std::int32_t p, LogPtr log) {
    const Shard& shard = shard_of(p);
    std::int64_t owed = log->end_offset().value;
    while (!ending) {
      co_await shard.clock.sleep_for(std::chrono::milliseconds(below(30)));
      const auto info = log->append_as_leader(batch_of(shard.clock.wall()), {.leader_epoch = {1}});
      if (log->is_offline()) found("offline: " + log->offline()->message);
      if (!info && !Disk::is_out_of_files(info.error().error)) found(info.error().error.message);
      if (!info) ++refused;
      if (!info) continue;
      ++appended;
      owed = info->end().value;
      if (!co_await log->durable().reached(info->end(), shard.clock.now() + 30s)) found("not durable in 30 s");
      log->set_high_watermark(log->durable().value());
      if (below(4) == 0) static_cast<void>(co_await log->read(log->start_offset(), {.max_bytes = 300}));
    }
    // With descriptors again, all is there.
    Offset at = log->start_offset();
    while (at < log->end_offset()) {
      const auto data = co_await log->read(at, {});
      if (!data || data->bytes == 0) co_return found("unreadable at " + to_string(at));
      at = data->next;
    }
    if (log->end_offset().value != owed) found("records are missing");
    --busy;
  }

  sim::Node& node_;
  std::string& failure_;
  LogManager manager_;
};

TEST(LogManagerSimulation, WithoutDescriptorsNoLogGoesOffline) {
  log::set_level(log::Level::kError);
  const auto [first, last] = seeds(8);
  std::uint64_t appended = 0, refused = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    sim::World world(seed);
    std::string failure;
    sim::Node& node = world.add_node("b", 2, [&](sim::Node& n) { return std::make_shared<BusyLife>(n, failure); });
    node.disk().faults.open_files_max = 24;
    node.start();
    world.run_for(2s);
    auto& life = node.program<BusyLife>();
    life.ending = true;
    node.disk().faults.open_files_max = 1000;
    EXPECT_TRUE(world.run_until([&] { return life.busy == 0; }, 60s)) << "seed " << seed << ": somebody waits for ever";
    ASSERT_EQ(failure, "") << "seed " << seed;
    appended += life.appended;
    refused += life.refused;
    node.crash(sim::Crash::kKill);
  }
  EXPECT_GT(appended, (last - first + 1) * 500);
  EXPECT_GT(refused, last - first) << "nothing was lacking";
}

}  // namespace
}  // namespace thalweg::storage
