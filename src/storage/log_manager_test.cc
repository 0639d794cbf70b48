#include "storage/log_manager.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "storage/fault_disk.h"
#include "storage/testing.h"

namespace thalweg::storage {
namespace {

class LogManagerTest : public ::testing::Test {
 protected:
  std::unique_ptr<LogManager> make() {
    LogManagerConfig config;
    config.log_dirs = dirs;
    config.node_id = BrokerId{1};
    config.checkpoint_interval = config.start_offset_checkpoint_interval = Millis(1000);
    return std::make_unique<LogManager>(std::vector<const Shard*>{&t.shard, &t.shard}, config);
  }
  std::unique_ptr<LogManager> start(const std::string& cluster = "c1") {
    auto manager = make();
    const auto started = t.run(manager->start(cluster));
    EXPECT_TRUE(started) << started.error().message;
    return manager;
  }
  LogPtr open(LogManager& manager, const std::string& topic, std::int32_t partition, Uuid id = Uuid{1, 2}) {
    auto log = t.run(manager.open({topic, {partition}}, id, {}, static_cast<unsigned>(partition % 2)));
    if (!log) ADD_FAILURE() << log.error().message;
    return log.value_or(nullptr);
  }
  void append(Log& log, int batches) {
    for (int i = 0; i < batches; ++i) ASSERT_TRUE(log.append_as_leader(make_batch(), {.leader_epoch = {1}}));
  }
  void remove(LogManager& manager, const std::string& topic, std::vector<PartitionId> partitions,
              Uuid id = Uuid{1, 2}) {
    t.run([](LogManager* m, std::string name, Uuid topic_id, std::vector<PartitionId> all) -> Task<bool> {
      co_await m->remove(std::move(name), topic_id, std::move(all));
      co_return true;
    }(&manager, topic, id, std::move(partitions)));
  }
  std::string text(const std::string& path) {
    const auto content = t.disk.read_file(path);
    return content ? std::string(content->text()) : "(missing)";
  }

  TestShard t;
  std::vector<std::string> dirs{t.directory + "/a"};
};

TEST_F(LogManagerTest, WritesItsIdentityAndKeepsIt) {
  auto manager = start();
  const auto ids = manager->directory_ids();
  EXPECT_NE(text(dirs[0] + "/meta.properties").find("cluster.id=c1\n"), std::string::npos);
  ASSERT_TRUE(t.run(manager->stop()));
  manager.reset();
  manager = start("");
  EXPECT_EQ(manager->cluster_id(), "c1");
  EXPECT_EQ(manager->directory_ids(), ids);
}

TEST_F(LogManagerTest, RefusesTheDirectoryOfAnotherClusterOrARunningBroker) {
  auto manager = start();
  EXPECT_NE(t.run(make()->start("c1")).error().message.find("is another broker running"), std::string::npos);
  ASSERT_TRUE(t.run(manager->stop()));
  manager.reset();
  EXPECT_EQ(t.run(make()->start("c2")).error().code, ErrorCode::kInconsistentClusterId);
}

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
    t.run([](LogManager* m) -> Task<bool> {
      co_await m->write_checkpoints();
      co_return true;
    }(manager.get()));
    append(*log, 2);
  }
  auto manager = start();
  const auto log = open(*manager, "orders", 0);
  EXPECT_EQ(log->end_offset(), Offset{7});
  EXPECT_EQ(log->high_watermark(), Offset{4});
}

// A crash in between does not make anybody forget that records are missing.
TEST_F(LogManagerTest, ALogThatLacksRecordsIsNamedUntilThatWasTold) {
  std::uint64_t second = 0;
  {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    append(*log, 1);
    second = log->size_bytes();
    append(*log, 3);
    append(*open(*manager, "orders", 1), 3);
    t.run(log->flush());
  }
  const auto file = t.disk.open(dirs[0] + "/orders-0/00000000000000000000.log", OpenMode::kReadWrite);
  const std::byte bad{0x55};
  ASSERT_TRUE((*file)->write(second + 70, BytesView(&bad, 1)));
  for (int life = 0; life < 3; ++life) {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    EXPECT_EQ(log->end_offset(), Offset{1}) << "recovery cuts at the damage, once";
    open(*manager, "orders", 1);
    EXPECT_EQ(manager->with_records_missing(), std::vector<LogPtr>(life < 2 ? 1 : 0, log));
    if (life == 1) ASSERT_TRUE(t.run(manager->told_missing()));
  }
}

// To have it copied anew from the leader, as somebody may think who finds it damaged. It must not lead with what is
// left.
TEST_F(LogManagerTest, ALogWhoseFolderWasTakenAwayLacksRecords) {
  dirs.push_back(t.directory + "/b");
  std::string folder;
  {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    folder = log->directory();
    append(*log, 5);
    t.run(log->flush());
    append(*open(*manager, "orders", 1), 3);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  ASSERT_TRUE(t.disk.remove_directory(folder));
  for (int life = 0; life < 3; ++life) {
    auto manager = start();
    open(*manager, "orders", 1);
    const auto log = open(*manager, "orders", 0);
    EXPECT_EQ(log->directory(), folder);
    EXPECT_EQ(log->end_offset(), Offset{0});
    EXPECT_EQ(manager->with_records_missing(), std::vector<LogPtr>(life < 2 ? 1 : 0, log));
    if (life == 1) ASSERT_TRUE(t.run(manager->told_missing()));
  }
}

TEST_F(LogManagerTest, AFolderThatWasMovedToAnotherDirectoryIsNotTakenAway) {
  dirs.push_back(t.directory + "/b");
  std::string folder;
  {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    folder = log->directory();
    append(*log, 5);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  const std::string there = (folder.starts_with(dirs[0]) ? dirs[1] : dirs[0]) + "/orders-0";
  ASSERT_TRUE(t.disk.rename(folder, there));
  auto manager = start();
  const auto log = open(*manager, "orders", 0);
  EXPECT_EQ(log->directory(), there);
  EXPECT_EQ(log->end_offset(), Offset{5});
  EXPECT_TRUE(manager->with_records_missing().empty());
}

// A broker goes on without one of its directories, and the partition is copied anew from its leader. Then the directory
// is there again, and comes first in log.dirs.
TEST_F(LogManagerTest, OfTwoFoldersTheOneCountsThatWasInUseLast) {
  const std::string other = t.directory + "/b";
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 3);
    append(*open(*manager, "orders", 1), 4);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  const auto without = std::exchange(dirs, {other});
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 5);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  dirs = {without[0], other};
  const auto refused = t.run(make()->start("c1"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("orders-0 has a folder in"), std::string::npos) << refused.error().message;
  std::set<Uuid> away;
  {
    dirs = {without[0]};
    auto older = make();
    dirs = {without[0], other};
    ASSERT_TRUE(t.run(older->start("c1")));
    away.insert(older->directory_ids()[0]);
    ASSERT_TRUE(t.run(older->stop()));
  }
  auto manager = make();
  const auto started = t.run(manager->start("c1", away));
  ASSERT_TRUE(started) << started.error().message;
  const auto log = open(*manager, "orders", 0);
  EXPECT_EQ(log->directory(), other + "/orders-0");
  EXPECT_EQ(log->end_offset(), Offset{5});
  EXPECT_EQ(open(*manager, "orders", 1)->end_offset(), Offset{4}) << "of which there is no other";
  const auto entries = t.disk.list(without[0]);
  EXPECT_TRUE(std::ranges::any_of(*entries, [](const auto& e) { return e.name.ends_with("-stray"); }));
}

TEST_F(LogManagerTest, ALogOfADirectoryThatIsNotHereDoesNotBeginInAnother) {
  dirs.push_back(t.directory + "/b");
  auto manager = start();
  const TopicPartition orders{"orders", {0}};
  const auto ids = manager->directory_ids();
  EXPECT_TRUE(manager->may_be_here(orders, ids[1]));
  EXPECT_TRUE(manager->may_be_here(orders, Uuid{0, 1})) << "nobody has said yet where it lies";
  const auto elsewhere = manager->may_be_here(orders, Uuid{77, 7});
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kLogDirNotFound);
  EXPECT_NE(elsewhere.error().message.find("bring it back"), std::string::npos);
  append(*open(*manager, "orders", 0), 1);
  EXPECT_TRUE(manager->may_be_here(orders, Uuid{77, 7})) << "somebody has moved it";
}

// Neither with what is left of it, nor without: what the next start finds of it may be the checkpoint alone.
TEST_F(LogManagerTest, ALogThatWasRemovedIsNotTakenAway) {
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 5);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  ASSERT_TRUE(t.disk.rename(dirs[0] + "/orders-0", dirs[0] + "/orders-0.0123456789abcdef0123456789abcdef-delete"));
  for (int life = 0; life < 2; ++life) {
    auto manager = start();
    open(*manager, "orders", 0, Uuid{3, 4});
    EXPECT_TRUE(manager->with_records_missing().empty()) << life;
  }
}

TEST_F(LogManagerTest, ATornEndIsNotMissed) {
  std::uint64_t last = 0;
  {
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    append(*log, 2);
    last = log->size_bytes();
    append(*log, 1);
    t.run(log->flush());
  }
  const auto file = t.disk.open(dirs[0] + "/orders-0/00000000000000000000.log", OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->truncate(last + 20));
  auto manager = start();
  EXPECT_EQ(open(*manager, "orders", 0)->end_offset(), Offset{2});
  EXPECT_TRUE(manager->with_records_missing().empty());
}

TEST_F(LogManagerTest, RemovesALogAtOnceAndItsFilesLater) {
  auto manager = start();
  auto log = open(*manager, "orders", 0);
  append(*log, 5);
  remove(*manager, "orders", {{0}});
  EXPECT_FALSE(log->append_as_leader(make_batch(), {}));
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/orders-0"));
  log = open(*manager, "orders", 0, Uuid{5, 6});
  EXPECT_EQ(log->end_offset(), Offset{0});
  const auto has_deleted = [&] {
    const auto entries = t.disk.list(dirs[0]);
    return std::ranges::any_of(*entries, [](const auto& e) { return e.name.ends_with("-delete"); });
  };
  EXPECT_TRUE(has_deleted());
  t.clock.advance(Millis(60'001));
  // By a thread of its own; however long that takes.
  for (int i = 0; i < 1000 && has_deleted(); ++i) t.context.restart(), t.context.run_for(Millis(10));
  EXPECT_FALSE(has_deleted());
}

TEST_F(LogManagerTest, AFolderOfATopicThatIsNoMoreMakesRoomForTheNewOne) {
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 3);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  EXPECT_EQ(manager->unopened()[0].topic_id, (Uuid{1, 2}));
  const auto log = open(*manager, "orders", 0, Uuid{8, 8});
  ASSERT_TRUE(log);
  EXPECT_EQ(log->end_offset(), Offset{0});
  EXPECT_EQ(log->topic_id(), (Uuid{8, 8}));
  const auto entries = t.disk.list(dirs[0]);
  EXPECT_TRUE(std::ranges::any_of(*entries, [](const auto& e) { return e.name.ends_with("-stray"); }));
}

// A topic was deleted and made again just before a crash, and the image at the start is from before that.
TEST_F(LogManagerTest, AFolderOfATopicThatIsNotKnownYetStaysInItsPlace) {
  {
    auto manager = start();
    append(*open(*manager, "orders", 0, Uuid{8, 8}), 3);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  manager->set_image_may_be_old(true);
  EXPECT_EQ(t.run(manager->open({"orders", {0}}, Uuid{1, 2}, {}, 0)).error().code, ErrorCode::kInconsistentTopicId);
  remove(*manager, "orders", {{0}});  // as the next image says
  const auto log = open(*manager, "orders", 0, Uuid{8, 8});
  ASSERT_TRUE(log);
  EXPECT_EQ(log->end_offset(), Offset{3});
}

TEST_F(LogManagerTest, SetsAsideOnlyWhatNobodyHasOpen) {
  auto manager = start();
  const auto log = open(*manager, "orders", 0);
  EXPECT_FALSE(manager->set_aside({"orders", {0}}));
  EXPECT_EQ(t.run(manager->open({"orders", {0}}, Uuid{8, 8}, {}, 0)).error().code, ErrorCode::kInconsistentTopicId);
}

TEST_F(LogManagerTest, RemovesAPartitionThatWasNeverOpened) {
  {
    auto manager = start();
    open(*manager, "orders", 0);
    append(*open(*manager, "orders", 2), 1);
    append(*open(*manager, "others", 0, Uuid{3, 4}), 1);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  remove(*manager, "orders", {{0}, {1}, {2}});
  remove(*manager, "others", {{0}});  // of another topic id
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/orders-0"));
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/orders-2"));
  EXPECT_TRUE(t.disk.exists(dirs[0] + "/others-0"));
}

TEST_F(LogManagerTest, AFolderInWhichNothingEverWasIsAnybodysAndLeavesNothingBehind) {
  {
    auto manager = start();
    open(*manager, "orders", 0);
    open(*manager, "orders", 1);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  EXPECT_EQ(open(*manager, "orders", 0, Uuid{8, 8})->topic_id(), (Uuid{8, 8}));
  ASSERT_TRUE(manager->set_aside({"orders", {1}}));
  const auto entries = t.disk.list(dirs[0]);
  EXPECT_FALSE(std::ranges::any_of(*entries, [](const auto& e) { return e.name.ends_with("-stray"); }));
}

TEST_F(LogManagerTest, TheWayToADirectoryIsMadeToLastOnce) {
  Faults faults;
  FaultDisk counting(t.disk, faults);
  const Shard shard{0, t.context.get_executor(), t.clock, counting, t.network, t.random, t.metrics};
  LogManagerConfig config;
  config.log_dirs = {t.directory + "/new/a"};
  config.node_id = BrokerId{1};
  const auto syncs_of_start = [&](bool stops = false) {
    faults = {};
    LogManager manager({&shard}, config);
    EXPECT_TRUE(t.run(manager.start("c1")));
    const auto syncs = faults.directory_syncs;
    if (stops) EXPECT_TRUE(t.run(manager.stop()));
    return syncs;
  };
  const auto way = std::size_t(std::ranges::count(config.log_dirs[0], '/'));
  EXPECT_EQ(syncs_of_start(), way + 1) << "each directory on the way, and for meta.properties";
  // From then on by each start: a killed process may have left names in it.
  EXPECT_EQ(syncs_of_start(), 1u);
  syncs_of_start(true);
  EXPECT_EQ(syncs_of_start(), 1u) << "after a clean stop, with the end of its marker";
}

TEST_F(LogManagerTest, ANewLogCostsAFolderAndItsFirstRecordTheFiles) {
  Faults faults;
  FaultDisk counting(t.disk, faults);
  const Shard shard{0, t.context.get_executor(), t.clock, counting, t.network, t.random, t.metrics};
  LogManagerConfig config;
  config.log_dirs = dirs;
  config.node_id = BrokerId{1};
  LogManager manager({&shard}, config);
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

TEST_F(LogManagerTest, DeletingAThousandPartitionsCostsAFewSyncs) {
  Faults faults;
  FaultDisk counting(t.disk, faults);
  const Shard shard{0, t.context.get_executor(), t.clock, counting, t.network, t.random, t.metrics};
  dirs.push_back(t.directory + "/b");
  LogManagerConfig config;
  config.log_dirs = dirs;
  config.node_id = BrokerId{1};
  LogManager manager({&shard}, config);
  ASSERT_TRUE(t.run(manager.start("c1")));
  const auto checkpoint = [&] {
    t.run([](LogManager* m) -> Task<bool> {
      co_await m->write_checkpoints();
      co_return true;
    }(&manager));
  };
  std::vector<PartitionId> all;
  for (std::int32_t p = 0; p < 1000; ++p) {
    all.push_back({p});
    const auto log = t.run(manager.open({"orders", {p}}, Uuid{1, 2}, {}, 0));
    ASSERT_TRUE(log);
    if (p % 100 == 0) append(**log, 1);
  }
  checkpoint();
  const auto before = faults.syncs + faults.directory_syncs;
  remove(manager, "orders", all);
  checkpoint();
  // Per directory: three files and the directory, and once more for what came while they were written.
  EXPECT_LE(faults.syncs + faults.directory_syncs - before, 2u * 2 * 4);
  for (const auto& dir : dirs)
    EXPECT_EQ(text(dir + "/recovery-point-offset-checkpoint"), "0\n0\n") << "names what is gone";
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

TEST(DataDirectory, SaysWhatToDoAboutADiskThatCannotBeUsed) {
  for (const auto& [why, advice] : {std::pair{Disk::full("/d/x"), "make room"},
                                    {Disk::denied("/d/x"), "chown"},
                                    {Disk::out_of_files("/d/x"), "LimitNOFILE"},
                                    {platform::os_failure("/d/x", EROFS).error(), "mount it writable"}}) {
    const Error said = DataDirectory::explained("/d", why);
    EXPECT_NE(said.message.find(advice), std::string::npos) << said.message;
    EXPECT_NE(said.message.find(why.message), std::string::npos) << said.message;
  }
}

TEST_F(LogManagerTest, AMetaPropertiesThatIsCutIsRefusedWithWords) {
  {
    auto manager = start();
    ASSERT_TRUE(t.run(manager->stop()));
  }
  ASSERT_TRUE((*t.disk.open(dirs[0] + "/meta.properties", OpenMode::kTruncate))->write(0, as_bytes("#\ncluster.i")));
  const auto started = t.run(make()->start("c1"));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(dirs[0] + "/meta.properties"), std::string::npos);
  EXPECT_NE(started.error().message.find("write it again"), std::string::npos);
}

TEST(DataDirectory, ReadsKafkasMetaProperties) {
  const auto meta = parse_meta_properties(
      "#\n#Tue Nov 24 21:00:00 UTC 2026\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n"
      "directory.id=hjKu8mWzTZuQZ3nUqwC2Gg\nnode.id=3\nversion=1\n");
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->cluster_id, "MkU3OEVBNTcwNTJENDM2Qk");
  EXPECT_EQ(meta->node_id, BrokerId{3});
  EXPECT_EQ(to_string(meta->directory_id), "hjKu8mWzTZuQZ3nUqwC2Gg");
  EXPECT_EQ(*parse_meta_properties(to_text(*meta)), *meta);
  EXPECT_FALSE(parse_meta_properties("version=0\nbroker.id=4\ncluster.id=x\n"));  // from the days of ZooKeeper
  EXPECT_FALSE(parse_meta_properties("version=9\nnode.id=3\n"));
}

TEST_F(LogManagerTest, RefusesAFolderOfApacheKafkaAndLeavesItAlone) {
  const std::string metadata = dirs[0] + "/__cluster_metadata-0";
  ASSERT_TRUE(t.disk.make_directory(metadata));
  ASSERT_TRUE(t.disk.open(metadata + "/quorum-state", OpenMode::kCreate));
  const auto started = t.run(make()->start("c1"));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("belongs to Apache Kafka"), std::string::npos);
  EXPECT_EQ(t.disk.list(dirs[0])->size(), 1u);
}

TEST(DataDirectory, TellsPartitionFoldersFromOthers) {
  EXPECT_EQ(parse_folder_name("orders-3"), (TopicPartition{"orders", {3}}));
  EXPECT_EQ(parse_folder_name("my-topic-12"), (TopicPartition{"my-topic", {12}}));
  for (const auto name : {"orders", "orders-", "-3", "orders-3.abc-delete", "orders-+1", "__cluster_metadata-0"})
    EXPECT_FALSE(parse_folder_name(name)) << name;
}

}  // namespace
}  // namespace thalweg::storage
