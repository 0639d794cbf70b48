// A log that is moved back and forth between two directories, while it is written and power fails between any two
// steps: nothing that was on disk is lost, and there is one log.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"
#include "record/batch.h"
#include "record/builder.h"
#include "sim/world.h"
#include "storage/log_manager.h"
#include "storage/pieces.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

const TopicPartition kMoving{"orders", PartitionId{0}};
constexpr Uuid kMovingId{1, 1};
const std::string kHere = "/var/data/a", kThere = "/var/data/b";

LogManagerConfig config_of_moves() {
  LogManagerConfig config;
  config.log_dirs = {kHere, kThere};
  config.node_id = BrokerId{1};
  config.checkpoint_interval = config.start_offset_checkpoint_interval = Millis(100);
  return config;
}

SharedBytes numbered(std::uint64_t number) {
  const std::string value = std::to_string(number);
  record::BatchBuilder builder;
  builder.append({.timestamp = 0, .key = as_bytes("key"), .value = as_bytes(value)});
  return builder.build();
}

// What outlives every crash.
struct Owed {
  Offset acknowledged{0};  // record n is at offset n
  std::uint64_t moved = 0, resumed = 0, lives = 0;
  std::string failure;
};

// All that is in the log, from its start.
Task<Result<Offset>> check_contents(LogPtr log) {
  Offset at = log->start_offset();
  while (at < log->end_offset()) {
    CO_TRY(auto data, co_await log->read(at, {}));
    CO_TRY(const SharedBytes bytes, co_await gather(std::move(data.records)));
    record::BatchReader reader(bytes);
    while (true) {
      CO_TRY(const auto batch, reader.next());
      if (!batch) break;
      if (batch->base_offset() != at) co_return fail(ErrorCode::kCorruptMessage, "a gap at " + to_string(at));
      at = batch->next_offset();
    }
  }
  co_return at;
}

class MovingLife {
 public:
  MovingLife(sim::Node& node, Owed& owed)
      : node_(node), owed_(owed), manager_({&node.shard(0), &node.shard(1)}, config_of_moves()) {
    spawn(node.shard(0), run());
  }

 private:
  std::uint64_t below(std::uint64_t n) { return node_.world().simulation.below(n); }
  const Shard& shard() const { return node_.shard(0); }
  void found(std::string what) {
    if (owed_.failure.empty()) owed_.failure = std::move(what);
  }

  Task<> run() {
    if (const auto started = co_await manager_.start("sim"); !started) co_return found(started.error().message);
    LogConfig config;
    config.segment_bytes = 500;
    config.file_delete_delay_ms = Millis(50);
    const auto log = co_await manager_.open(kMoving, kMovingId, config, 0);
    if (!log) co_return found("lost: " + log.error().message);
    if ((*log)->end_offset() < owed_.acknowledged) co_return found("records are lost");
    const auto end = co_await check_contents(*log);
    if (!end || *end != (*log)->end_offset()) co_return found("what is there is not whole");
    if (!manager_.unopened().empty()) co_return found("two logs of one partition");
    ++owed_.lives;
    std::string directory = *manager_.directory_of_log(kMoving);
    if (const auto target = manager_.directory_of_future(kMoving)) {
      ++owed_.resumed;
      directory = *target;
    }
    while (owed_.failure.empty()) {
      for (auto n = below(20); n > 0; --n) co_await append();
      if (directory == *manager_.directory_of_log(kMoving)) directory = directory == kHere ? kThere : kHere;
      co_await move(directory);
    }
  }

  Task<> append() {
    const LogPtr log = manager_.find(kMoving);
    const auto info = log->append_as_leader(numbered(std::uint64_t(log->end_offset().value)), {.leader_epoch = {1}});
    if (!info) co_return;
    if (below(3) > 0 || !co_await log->durable().reached(info->end(), shard().clock.now() + 10s)) co_return;
    owed_.acknowledged = std::max(owed_.acknowledged, info->end());
    log->set_high_watermark(log->end_offset());
  }

  Task<> move(std::string to) {
    const auto future = co_await manager_.open_future(kMoving, to);
    if (!future) co_return found("no copy: " + future.error().message);
    // One of another life may have more than the log.
    const Offset now = manager_.find(kMoving)->end_offset();
    if ((*future)->end_offset() > now)
      if (const auto cut = co_await (*future)->truncate_to(now); !cut) co_return found(cut.error().message);
    while ((*future)->end_offset() < manager_.find(kMoving)->end_offset()) {
      if (below(4) == 0) co_await append();
      const auto copied = co_await copy_some(*future);
      if (!copied) co_return found("not copied: " + copied.error().message);
      co_await shard().clock.sleep_for(std::chrono::milliseconds(below(3)));
    }
    if (below(5) == 0) co_return co_await manager_.drop_future(kMoving);
    const Offset end = manager_.find(kMoving)->end_offset();
    const auto promoted = co_await manager_.promote_future(kMoving);
    if (!promoted) co_return found("not promoted: " + promoted.error().message);
    if ((*promoted)->end_offset() != end) co_return found("the copy lacks records");
    if (below(2) == 0) co_await append();  // before the old folder has gone
    co_await manager_.retire_replaced(kMoving);
    ++owed_.moved;
  }

  Task<Result<>> copy_some(LogPtr future) {
    const LogPtr log = manager_.find(kMoving);
    CO_TRY(auto data, co_await log->read(future->end_offset(), {.max_bytes = 300}));
    CO_TRY(auto bytes, co_await gather(std::move(data.records)));
    if (const auto appended = future->append_as_follower(std::move(bytes)); !appended)
      co_return std::unexpected(appended.error().error);
    future->set_high_watermark(log->high_watermark());
    co_return Result<>();
  }

  sim::Node& node_;
  Owed& owed_;
  LogManager manager_;
};

TEST(LogMoveSimulation, NoCrashLosesARecordOrLeavesTwoLogs) {
  const char* one = std::getenv("THALWEG_SEED");
  log::set_level(one ? log::Level::kInfo : log::Level::kError);
  const char* many = std::getenv("THALWEG_SEEDS");
  const std::uint64_t first = one ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t last = one ? first : many ? std::strtoull(many, nullptr, 10) : 60;
  Owed all;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    sim::World world(seed);
    Owed owed;
    sim::Node& node = world.add_node("b", 2, [&](sim::Node& n) { return std::make_shared<MovingLife>(n, owed); });
    for (int life = 0; life < 12 && owed.failure.empty(); ++life) {
      node.start();
      world.run_for(std::chrono::microseconds(500 + world.simulation.below(120'000)));
      node.crash(world.simulation.below(3) == 0 ? sim::Crash::kKill : sim::Crash::kPowerLoss);
    }
    ASSERT_EQ(owed.failure, "") << "seed " << seed;
    all.moved += owed.moved;
    all.resumed += owed.resumed;
    all.lives += owed.lives;
  }
  // What is looked for has happened.
  EXPECT_GT(all.moved, (last - first + 1));
  EXPECT_GT(all.resumed, (last - first + 1) / 2);
}

// ---- One by one

class LogMove : public ::testing::Test {
 protected:
  struct Manager {
    explicit Manager(sim::Node& node) : manager({&node.shard(0), &node.shard(1)}, config_of_moves()) {}
    LogManager manager;
  };
  void SetUp() override {
    log::set_level(log::Level::kError);
    start();
  }
  void start() {
    node.start();
    ASSERT_TRUE(world.run(node, manager().start("sim")).value_or(fail(ErrorCode::kKafkaStorageError)));
  }
  LogManager& manager() { return node.program<Manager>().manager; }
  LogPtr open() { return world.run(node, manager().open(kMoving, kMovingId, {}, 0))->value_or(nullptr); }
  LogPtr open_future(const std::string& to = kThere) {
    return world.run(node, manager().open_future(kMoving, to))->value_or(nullptr);
  }
  void append(const LogPtr& log, int records) {
    for (int i = 0; i < records; ++i) ASSERT_TRUE(log->append_as_leader(numbered(0), {.leader_epoch = {1}}));
  }
  static Task<bool> nothing(Task<> task) {
    co_await std::move(task);
    co_return true;
  }
  void do_now(Task<> task) { ASSERT_TRUE(world.run(node, nothing(std::move(task)))); }
  std::vector<std::string> folders(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : *node.disk().list(directory))
      if (entry.is_directory) names.push_back(entry.name);
    return names;
  }

  sim::World world{3};
  sim::Node& node = world.add_node("b", 2, [](sim::Node& n) { return std::make_shared<Manager>(n); });
};

TEST_F(LogMove, TheCopyHasKafkasNameUntilItIsTheLog) {
  open();
  ASSERT_TRUE(open_future());
  ASSERT_EQ(folders(kThere).size(), 1u);
  EXPECT_TRUE(folders(kThere).front().starts_with("orders-0.") && folders(kThere).front().ends_with("-future"));
  EXPECT_EQ(parse_future_folder_name(folders(kThere).front()), kMoving);
  const auto promoted = *world.run(node, manager().promote_future(kMoving));
  ASSERT_TRUE(promoted);
  EXPECT_EQ(folders(kThere), std::vector<std::string>{"orders-0"});
  EXPECT_EQ(manager().find(kMoving), *promoted);
  do_now(manager().retire_replaced(kMoving));
  EXPECT_EQ(manager().directory_of_log(kMoving), kThere);
  world.run_for(2min);
  EXPECT_TRUE(folders(kHere).empty());
}

TEST_F(LogMove, DescribesTheCopyAndHowFarItIsBehind) {
  append(open(), 5);
  ASSERT_TRUE(open_future());
  const auto described = *world.run(node, manager().describe());
  ASSERT_EQ(described.at(1).partitions.size(), 1u);
  EXPECT_TRUE(described[1].partitions[0].is_future);
  EXPECT_EQ(described[1].partitions[0].offset_lag, 5);
  EXPECT_FALSE(described[0].partitions.at(0).is_future);
}

TEST_F(LogMove, ACopyThatIsGivenUpIsGone) {
  open();
  ASSERT_TRUE(open_future());
  do_now(manager().drop_future(kMoving));
  world.run_for(1s);
  EXPECT_TRUE(folders(kThere).empty());
  EXPECT_FALSE(manager().directory_of_future(kMoving));
  EXPECT_TRUE(open_future()) << "and another one begins";
}

TEST_F(LogMove, OfTwoFoldersTheOneThatWasToReplaceCounts) {
  append(open(), 3);
  const LogPtr future = open_future();
  append(future, 3);
  ASSERT_TRUE(*world.run(node, manager().promote_future(kMoving)));
  append(manager().find(kMoving), 2);  // only there
  world.run_for(1s);
  node.crash(sim::Crash::kPowerLoss);
  ASSERT_EQ(folders(kHere), std::vector<std::string>{"orders-0"}) << "both are there";
  start();
  const LogPtr log = open();
  ASSERT_TRUE(log);
  EXPECT_EQ(manager().directory_of_log(kMoving), kThere);
  EXPECT_EQ(log->end_offset(), Offset{5});
  EXPECT_TRUE(manager().unopened().empty());
}

TEST_F(LogMove, ALogThatIsNotThereYetIsMadeWhereItIsWanted) {
  ASSERT_TRUE(manager().prefer(kMoving, kThere + "/"));
  EXPECT_EQ(manager().prefer(kMoving, "/elsewhere").error().code, ErrorCode::kLogDirNotFound);
  open();
  EXPECT_EQ(manager().directory_of_log(kMoving), kThere);
}

TEST_F(LogMove, ACopyThatCannotBeSyncedIsNotPromoted) {
  const LogPtr log = open();
  append(log, 3);
  append(open_future(), 3);
  world.run_for(1s);
  node.disk().faults.sync_fails_one_in = 1;
  EXPECT_FALSE(*world.run(node, manager().promote_future(kMoving)));
  EXPECT_EQ(manager().find(kMoving), log);
  EXPECT_FALSE(log->is_offline());
}

}  // namespace
}  // namespace thalweg::storage
