#include "storage/log_manager.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "storage/testing_log_manager.h"

namespace thalweg::storage {
namespace {

TEST_F(LogManagerTest, SpreadsPartitionsOverDirectoriesAndFindsThemAgain) {
  dirs.push_back(t.directory + "/b");
  auto manager = start();
  for (int p = 0; p < 6; ++p) append(*open(*manager, "orders", p), p + 1);
  for (const auto& dir : t.run(manager->describe())) EXPECT_EQ(dir.partitions.size(), 3u);
  ASSERT_TRUE(t.run(manager->stop()));
  EXPECT_TRUE(t.disk.exists(dirs[0] + "/.kafka_cleanshutdown"));
  EXPECT_NE(text(dirs[0] + "/recovery-point-offset-checkpoint").find("orders 0 1\n"), std::string::npos)
      << text(dirs[0] + "/recovery-point-offset-checkpoint");
  manager.reset();
  manager = start();
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/.kafka_cleanshutdown"));
  EXPECT_EQ(manager->unopened().size(), 6u);
  for (int p = 0; p < 6; ++p) EXPECT_EQ(open(*manager, "orders", p)->end_offset(), Offset{p + 1});
  EXPECT_TRUE(manager->unopened().empty());
}

TEST_F(LogManagerTest, SurvivesBeingDroppedWithoutStop) {
  {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    append(*log, 5);
    t.run(log->flush());
    log->set_high_watermark(Offset{4});
    write_checkpoints(*manager);
    append(*log, 2);
  }
  auto manager = start();
  const auto log = open(*manager, "orders", 0);
  EXPECT_EQ(log->end_offset(), Offset{7});
  EXPECT_EQ(log->high_watermark(), Offset{4});
}

TEST_F(CountingLogManagerTest, TheWayToADirectoryIsMadeToLastOnce) {
  dirs = {t.directory + "/new/a"};
  const auto syncs_of_start = [&](bool stops = false) {
    faults = {};
    LogManager manager({&shard}, config());
    EXPECT_TRUE(t.run(manager.start("c1")));
    const auto syncs = faults.directory_syncs;
    if (stops) EXPECT_TRUE(t.run(manager.stop()));
    return syncs;
  };
  const auto way = std::size_t(std::ranges::count(dirs[0], '/'));
  EXPECT_EQ(syncs_of_start(), way + 1) << "each directory on the way, and for meta.properties";
  // From then on by each start: a killed process may have left names in it.
  EXPECT_EQ(syncs_of_start(), 1u);
  syncs_of_start(true);
  EXPECT_EQ(syncs_of_start(), 1u) << "after a clean stop, with the end of its marker";
}

TEST_F(CountingLogManagerTest, ANewLogCostsAFolderAndItsFirstRecordTheFiles) {
  LogManager manager({&shard}, config());
  ASSERT_TRUE(t.run(manager.start("c1")));
  faults = {};
  for (std::int32_t p = 0; p < 100; ++p) ASSERT_TRUE(t.run(manager.open({"orders", {p}}, Uuid{1, 2}, {}, 0)));
  EXPECT_EQ(faults.folders, 100u);
  EXPECT_EQ(faults.looks, 100u);
  EXPECT_EQ(faults.opens + faults.lists + faults.syncs + faults.directory_syncs, 0u);
  faults = {};
  const auto log = manager.find({"orders", {7}});
  append(*log, 1);
  ASSERT_TRUE(t.run(log->flush()));
  EXPECT_LE(faults.opens, 3u) << "whose it is, written and synced, and the segment";
  EXPECT_EQ(faults.lists, 0u);
}

// A clean stop says something about what it left, not about what comes later.
TEST_F(LogManagerTest, AFolderThatWasNotThereAtACleanStopIsChecked) {
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 3);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  ASSERT_TRUE(t.disk.rename(dirs[0] + "/orders-0", t.directory + "/kept"));
  auto manager = start();
  ASSERT_TRUE(t.disk.rename(t.directory + "/kept", dirs[0] + "/orders-0"));
  const auto file = t.disk.open(dirs[0] + "/orders-0/00000000000000000000.log", OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->truncate((*file)->size() - 1));  // a torn end: damage, had a clean stop left it
  EXPECT_EQ(open(*manager, "orders", 0)->end_offset(), Offset{2});
}

// The broker stops what it has started so far (seed 96 of log_sim_test).
TEST_F(LogManagerTest, AStartThatFailsSaysNothingOfDirectoriesThatItDidNotComeTo) {
  dirs.push_back(t.directory + "/b");
  {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    append(*log, 3);
    t.run(log->flush());
    write_checkpoints(*manager);
    append(*log, 3);
  }  // killed
  const std::string checkpoint = text(dirs[0] + "/recovery-point-offset-checkpoint");
  const std::string meta = text(dirs[1] + "/meta.properties");
  ASSERT_TRUE(
      t.run(t.disk.replace_file(dirs[1] + "/meta.properties", SharedBytes::copy_of("cluster.id=c2\nversion=1\n"))));
  {
    const auto manager = make();
    ASSERT_FALSE(t.run(manager->start("c1")));
    ASSERT_TRUE(t.run(manager->stop()));
  }
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/.kafka_cleanshutdown")) << "as if the kill had been a clean stop";
  EXPECT_EQ(text(dirs[0] + "/recovery-point-offset-checkpoint"), checkpoint);
  ASSERT_TRUE(t.run(t.disk.replace_file(dirs[1] + "/meta.properties", SharedBytes::copy_of(std::string_view(meta)))));
  const auto file = t.disk.open(dirs[0] + "/orders-0/00000000000000000000.log", OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->truncate((*file)->size() - 1));  // a torn end: damage, had a clean stop left it
  auto manager = start();
  EXPECT_EQ(open(*manager, "orders", 0)->end_offset(), Offset{5});
}

// A signal to stop may come while the logs of a crash are still being checked.
TEST_F(LogManagerTest, ALogThatIsOpenedDuringTheStopWasNotLeftClean) {
  auto manager = start();
  append(*open(*manager, "orders", 0), 1);
  manager.reset();
  manager = start();
  const OneShot<bool> opened;
  spawn(t.shard, [](LogManager* m, OneShot<bool> done) -> Task<> {
    done.set((co_await m->open({"orders", {0}}, Uuid{1, 2}, {}, 0)).has_value());
  }(manager.get(), opened));
  ASSERT_TRUE(t.run(manager->stop()));
  EXPECT_FALSE(t.run(opened.wait())) << "nobody would close it";
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/.kafka_cleanshutdown"));
  EXPECT_EQ(t.run(manager->open({"orders", {1}}, Uuid{1, 2}, {}, 0)).error().code, ErrorCode::kReplicaNotAvailable);
}

// Of what an idle partition takes in memory its log is the largest part.
TEST_F(LogManagerTest, AnIdleLogTakesLittleMemory) {
  auto manager = start();
  constexpr std::int32_t kLogs = 1000;
  const std::size_t before = ::mallinfo2().uordblks;
  for (std::int32_t p = 0; p < kLogs; ++p) ASSERT_TRUE(open(*manager, "orders", p));
  const std::size_t after = ::mallinfo2().uordblks;
  if (after == before) GTEST_SKIP() << "this allocator does not count";
  EXPECT_LT((after - before) / kLogs, 3000u);
  RecordProperty("bytes_per_log", int((after - before) / kLogs));
}

TEST_F(LogManagerTest, ADamagedCheckpointFileIsMadeAgain) {
  const std::string whole = "0\n1\norders 0 5\n";
  for (const auto name : {kRecoveryPointFile, kLogStartOffsetFile, kHighWatermarkFile}) {
    for (const std::string& left :
         {std::string(), std::string("0"), whole.substr(0, 9), whole.substr(0, whole.size() - 2),
          std::string("0\n2\norders 0 5\n"), std::string(200, '\0'), std::string("\xff\xfe\x01")}) {
      for (const bool clean : {true, false}) {
        dirs = {t.directory + "/" + std::to_string(t.random.next())};
        auto manager = start();
        const auto log = open(*manager, "orders", 0);
        append(*log, 5);
        if (clean) ASSERT_TRUE(t.run(manager->stop()));
        if (!clean) ASSERT_TRUE(t.run(log->flush()));
        manager.reset();
        const auto file = t.disk.open(dirs[0] + "/" + std::string(name), OpenMode::kTruncate);
        ASSERT_TRUE((*file)->write(0, as_bytes(left)));
        manager = start();
        EXPECT_EQ(open(*manager, "orders", 0)->end_offset(), Offset{5}) << name << " was '" << left << "'";
        ASSERT_TRUE(t.run(manager->stop()));
        EXPECT_TRUE(parse_offset_checkpoint(text(dirs[0] + "/" + std::string(name)))) << "is not written again";
      }
    }
  }
}

TEST_F(LogManagerTest, ACheckpointThatCannotBeReadSaysWhichAndWhatToDo) {
  ASSERT_TRUE(t.disk.make_directory(dirs[0] + "/" + std::string(kRecoveryPointFile)));
  const auto started = t.run(make()->start("c1"));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(std::string(kRecoveryPointFile) + ": Is a directory; move it"),
            std::string::npos)
      << started.error().message;
}

TEST_F(LogManagerTest, LeaderEpochsAreMadeAgainFromTheBatches) {
  for (const std::string& left : {std::string(), std::string("0\n2\n1 0\n3"), std::string("garbage")}) {
    dirs = {t.directory + "/" + std::to_string(t.random.next())};
    auto manager = start();
    auto log = open(*manager, "orders", 0);
    append(*log, 2);
    ASSERT_TRUE(log->append_as_leader(make_batch(), {.leader_epoch = {3}}));
    ASSERT_TRUE(t.run(manager->stop()));
    log.reset();
    manager.reset();
    const std::string path = dirs[0] + "/orders-0/leader-epoch-checkpoint";
    const auto file = t.disk.open(path, OpenMode::kTruncate);
    ASSERT_TRUE((*file)->write(0, as_bytes(left)));
    manager = start();
    log = open(*manager, "orders", 0);
    ASSERT_TRUE(log) << left;
    EXPECT_EQ(log->epoch_of(Offset{1}), LeaderEpoch{1});
    EXPECT_EQ(log->epoch_of(Offset{2}), LeaderEpoch{3});
    ASSERT_TRUE(t.run(manager->stop()));
    EXPECT_EQ(text(path), "0\n2\n1 0\n3 2\n");
  }
}

}  // namespace
}  // namespace thalweg::storage
