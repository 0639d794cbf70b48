// Which log is compacted next, what of that is remembered, and what happens to one that cannot be.
#include "storage/log_cleaner.h"

#include "base/log.h"
#include "storage/testing_cleaner.h"
#include "storage/testing_log_manager.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

class LogCleanerTest : public LogManagerTest {
 protected:
  LogCleanerTest() {
    compacted.cleanup_compact = true;
    compacted.cleanup_delete = false;
    compacted.segment_bytes = 1000;
  }
  std::unique_ptr<LogManager> begin() {
    auto manager = start();
    manager->follow_cleaner({.enable = false});  // by hand
    return manager;
  }
  LogPtr open(LogManager& manager, const std::string& topic) {
    auto log = t.run(manager.open({topic, {0}}, Uuid{1, 2}, compacted, 0));
    EXPECT_TRUE(log);
    return *log;
  }
  // So many batches of about 500 bytes, of so many keys.
  void fill(Log& log, int count, int keys) {
    for (int i = 0; i < count; ++i) {
      const std::string key = "k" + std::to_string(i % keys), value(400, 'v');
      ASSERT_TRUE(log.append_as_leader(keyed_batch({{key, value}}, t.clock.wall()), {.leader_epoch = {1}}));
    }
    log.set_high_watermark(log.end_offset());
  }
  bool pass(LogManager& manager) { return t.run(manager.cleaner().clean_dirtiest()); }

  LogConfig compacted;
};

TEST_F(LogCleanerTest, TheDirtiestLogComesFirst) {
  const auto manager = begin();
  const auto small = open(*manager, "small"), large = open(*manager, "large"), plain = open(*manager, "plain");
  auto config = compacted;
  config.cleanup_compact = false;
  plain->set_config(config);
  for (const auto& log : {small, large}) fill(*log, 20, 20);
  EXPECT_TRUE(pass(*manager));
  EXPECT_TRUE(pass(*manager));
  EXPECT_FALSE(pass(*manager));  // nothing is dirty
  fill(*small, 60, 5);
  fill(*large, 200, 5);
  fill(*plain, 500, 5);
  const auto small_before = small->size_bytes(), large_before = large->size_bytes(), plain_before = plain->size_bytes();
  EXPECT_TRUE(pass(*manager));
  EXPECT_EQ(small->size_bytes(), small_before);
  EXPECT_LT(large->size_bytes(), large_before / 5);
  EXPECT_NEAR(manager->cleaner().status().max_dirty_percent, 91, 5);
  EXPECT_TRUE(pass(*manager));
  EXPECT_LT(small->size_bytes(), small_before / 2);
  EXPECT_FALSE(pass(*manager));
  EXPECT_EQ(plain->size_bytes(), plain_before);
  EXPECT_EQ(manager->cleaner().status().passes, 4u);
}

TEST_F(LogCleanerTest, HowFarALogIsCleanIsInKafkasFile) {
  auto manager = begin();
  auto log = open(*manager, "orders");
  fill(*log, 20, 2);
  ASSERT_TRUE(pass(*manager));
  const Offset cleaned = *manager->cleaner_offset({"orders", {0}});
  EXPECT_EQ(cleaned, log->sealed_segments().back().end);
  EXPECT_EQ(text(dirs[0] + "/cleaner-offset-checkpoint"), "0\n1\norders 0 " + to_string(cleaned) + "\n");
  ASSERT_TRUE(t.run(manager->stop()));
  log.reset();
  manager.reset();
  manager = begin();
  log = open(*manager, "orders");
  log->set_high_watermark(log->end_offset());
  EXPECT_FALSE(pass(*manager));  // nothing is dirty since
}

TEST_F(LogCleanerTest, ACutTakesBackHowFarALogIsClean) {
  const auto manager = begin();
  const auto log = open(*manager, "orders");
  fill(*log, 20, 2);
  ASSERT_TRUE(pass(*manager));
  ASSERT_GT(*manager->cleaner_offset({"orders", {0}}), Offset{4});
  ASSERT_TRUE(t.run(log->truncate_to(Offset{4})));
  EXPECT_LE(*manager->cleaner_offset({"orders", {0}}), Offset{4});
  EXPECT_EQ(text(dirs[0] + "/cleaner-offset-checkpoint").find("orders 0 1"), std::string::npos);
}

TEST_F(LogCleanerTest, ADeletedTopicLeavesNothingBehind) {
  const auto manager = begin();
  const auto log = open(*manager, "orders");
  fill(*log, 20, 2);
  ASSERT_TRUE(pass(*manager));
  remove(*manager, "orders", {{0}});
  write_checkpoints(*manager);
  EXPECT_EQ(text(dirs[0] + "/cleaner-offset-checkpoint"), "0\n0\n");
}

TEST_F(LogCleanerTest, ALogThatCannotBeCompactedIsToldAndTriedAgainAfterAnHour) {
  log::set_level(log::Level::kNone);
  const auto manager = begin();
  const auto bad = open(*manager, "bad"), good = open(*manager, "good");
  fill(*bad, 40, 2);
  fill(*good, 20, 2);
  rot(t.disk, bad->sealed_segments()[0].segment->path(), 100);
  EXPECT_FALSE(pass(*manager));
  EXPECT_EQ(manager->cleaner().status().uncleanable.at(dirs[0]).partitions, 1u);
  EXPECT_GT(manager->cleaner().status().uncleanable.at(dirs[0]).bytes, 10'000u);
  EXPECT_FALSE(bad->is_offline());
  EXPECT_TRUE(pass(*manager));  // the others go on
  EXPECT_FALSE(pass(*manager));
  rot(t.disk, bad->sealed_segments()[0].segment->path(), 100);  // as it was
  EXPECT_FALSE(pass(*manager));
  t.clock.advance(61min);
  EXPECT_TRUE(pass(*manager));
  EXPECT_EQ(manager->cleaner().status().uncleanable.at(dirs[0]).partitions, 0u);
  log::set_level(log::Level::kInfo);
}

TEST_F(LogCleanerTest, WorksByItselfAndWaitsForTheBackoffOnlyWhenThereIsNothing) {
  const auto manager = begin();
  std::vector<LogPtr> logs;
  for (int i = 0; i < 3; ++i) {
    logs.push_back(open(*manager, "t" + std::to_string(i)));
    fill(*logs.back(), 40, 2);
  }
  manager->follow_cleaner({.threads = 1, .backoff = 15s});
  const auto passes = [&] { return manager->cleaner().status().passes; };
  // It has found nothing more to do, and sleeps.
  const auto until_it_sleeps = [&] {
    for (int i = 0; i < 20'000 && !t.clock.is_awaited(t.clock.now() + 15s); ++i) {
      t.context.restart();
      t.context.run_one_for(1ms);
    }
  };
  until_it_sleeps();
  t.clock.advance(15s);  // since it looked first, at the start
  until_it_sleeps();
  EXPECT_EQ(passes(), 3u);
  EXPECT_LT(manager->cleaner().status().since_last_run, 1ms);
  fill(*logs[0], 100, 2);
  t.clock.advance(14s);
  for (int i = 0; i < 20; ++i) t.context.restart(), t.context.poll();
  EXPECT_EQ(passes(), 3u);
  EXPECT_EQ(manager->cleaner().status().since_last_run, 14s);
  t.clock.advance(2s);
  until_it_sleeps();
  EXPECT_EQ(passes(), 4u);
}

TEST_F(LogCleanerTest, DoesNothingWhenItIsNotEnabled) {
  auto off = config();
  off.cleaner.enable = false;
  LogManager manager({&t.shard}, off);
  ASSERT_TRUE(t.run(manager.start("c1")));
  const auto log = *t.run(manager.open({"orders", {0}}, Uuid{1, 2}, compacted, 0));
  fill(*log, 40, 2);
  t.clock.advance(1h);
  for (int i = 0; i < 100; ++i) t.context.restart(), t.context.poll();
  EXPECT_EQ(manager.cleaner().status().passes, 0u);
}

}  // namespace
}  // namespace thalweg::storage
