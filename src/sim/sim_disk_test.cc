#include "sim/sim_disk.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "sim/world.h"

namespace thalweg::sim {
namespace {

struct SimDiskTest : testing::Test {
  World world{1};
  Node& node = world.add_node("n", 1, [](Node&) { return nullptr; });
  SimDisk& disk = node.disk();

  void SetUp() override { node.start(); }
  void power_loss() {
    node.crash(Crash::kPowerLoss);
    node.start();
  }
  FilePtr open(const std::string& path) { return *disk.open(path, OpenMode::kCreate); }
  bool sync(const FilePtr& file) { return world.run(node, file->sync())->has_value(); }
  bool sync_directory(const std::string& path) { return world.run(node, disk.sync_directory(path))->has_value(); }
  std::string content(const std::string& path) {
    const auto bytes = disk.read_file(path);
    return bytes ? std::string(bytes->text()) : "missing";
  }
};

TEST_F(SimDiskTest, SyncedBytesUnderSyncedNamesSurvive) {
  const FilePtr file = open("f");
  ASSERT_TRUE(file->write(0, as_bytes("kept")));
  ASSERT_TRUE(sync(file) && sync_directory("/"));
  for (int i = 0; i < 20; ++i) {
    power_loss();
    ASSERT_EQ(content("f"), "kept");
  }
}

TEST_F(SimDiskTest, WhatWasNotSyncedSurvivesByLuck) {
  std::set<std::string> outcomes;
  ASSERT_TRUE(sync_directory("/"));
  for (int i = 0; i < 200; ++i) {
    const FilePtr file = open("f");
    ASSERT_TRUE(file->truncate(0) && file->write(0, as_bytes("a")));
    ASSERT_TRUE(sync(file) && sync_directory("/"));
    ASSERT_TRUE(file->write(1, as_bytes("b")) && file->write(2, as_bytes("c")));
    power_loss();
    outcomes.insert(content("f"));
  }
  EXPECT_TRUE(outcomes.contains("a"));
  EXPECT_TRUE(outcomes.contains("ab"));
  EXPECT_TRUE(outcomes.contains("abc"));
  EXPECT_TRUE(outcomes.contains(std::string("a\0c", 3)));
}

TEST_F(SimDiskTest, OfWhatWasWrittenUnreadAKillTakesSomeOfTheEnd) {
  std::set<std::string> outcomes;
  for (int i = 0; i < 100; ++i) {
    const FilePtr file = open("f");
    ASSERT_TRUE(file->truncate(0) && file->write(0, as_bytes("a")) && file->write_unread(1, as_bytes("b")));
    ASSERT_TRUE(sync(file));
    ASSERT_TRUE(file->write_unread(2, as_bytes("c")) && file->write_unread(3, as_bytes("d")));
    EXPECT_EQ(content("f"), "abcd");
    node.crash(Crash::kKill);
    node.start();
    outcomes.insert(content("f"));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"ab", "abc", "abcd"}));
}

TEST_F(SimDiskTest, WhatIsWrittenOtherwiseKeepsWhatWasWrittenUnread) {
  for (int i = 0; i < 20; ++i) {
    const FilePtr file = open("f");
    ASSERT_TRUE(file->truncate(0) && file->write_unread(0, as_bytes("a")) && file->write(1, as_bytes("b")));
    node.crash(Crash::kKill);
    node.start();
    ASSERT_EQ(content("f"), "ab");
  }
}

TEST_F(SimDiskTest, AFileSaysWhenItChanged) {
  const FilePtr file = open("f");
  world.run_for(std::chrono::seconds(5));
  ASSERT_TRUE(file->write(0, as_bytes("a")));
  const Timestamp written = node.shard(0).clock.wall();
  world.run_for(std::chrono::seconds(5));
  EXPECT_EQ(disk.modified("f"), written);
  EXPECT_FALSE(disk.modified("missing"));
}

TEST_F(SimDiskTest, ACopyIsOnTheDiskAndIsBornAnew) {
  ASSERT_TRUE(disk.make_directory("/a/b"));
  ASSERT_TRUE(open("/a/b/f")->write(0, as_bytes("text")));
  disk.copy("/a", "/c");
  EXPECT_NE(disk.born("/c/b/f"), disk.born("/a/b/f"));
  ASSERT_TRUE(open("/a/b/f")->write(0, as_bytes("TEXT")));
  power_loss();
  EXPECT_EQ(content("/c/b/f"), "text");
}

TEST_F(SimDiskTest, NamesAreDurableAfterTheDirectoryIsSynced) {
  std::set<bool> lost;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "f" + std::to_string(i);
    ASSERT_TRUE(sync(open(name)));
    power_loss();
    lost.insert(!disk.exists(name));
  }
  EXPECT_EQ(lost.size(), 2u);
  open("g");
  ASSERT_TRUE(disk.rename("g", "h") && sync_directory("/"));
  power_loss();
  EXPECT_TRUE(disk.exists("h"));
  EXPECT_FALSE(disk.exists("g"));
}

TEST_F(SimDiskTest, ADurableDirectoryIsThereWithItsParents) {
  for (int i = 0; i < 10; ++i) {
    const std::string path = "/a" + std::to_string(i) + "/b/c";
    ASSERT_TRUE(*world.run(node, disk.make_durable_directory(path)));
    power_loss();
    ASSERT_TRUE(disk.exists(path));
  }
}

TEST_F(SimDiskTest, ADirectoryIsDurableAlsoWhenAnEarlierProcessMadeIt) {
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/a" + std::to_string(i) + "/b/c";
    ASSERT_TRUE(disk.make_directory(path));
    node.crash(Crash::kKill);
    node.start();
    ASSERT_TRUE(*world.run(node, disk.make_durable_directory(path)));
    power_loss();
    ASSERT_TRUE(disk.exists(path));
  }
}

TEST_F(SimDiskTest, WhatIsKnownToBeDurableIsNotSyncedAgain) {
  ASSERT_TRUE(*world.run(node, disk.make_durable_directory("/a/b/c")));
  for (const auto& [durable, syncs] : {std::pair("/", 4u), std::pair("/a/b/c", 1u), std::pair("/a", 3u)}) {
    const auto before = disk.syncs();
    const std::string path = fmt::format("/a/b/c/{}", syncs);
    ASSERT_TRUE(*world.run(node, disk.make_durable_directory(path, durable)));
    EXPECT_EQ(disk.syncs() - before, syncs) << durable;
    power_loss();
    EXPECT_TRUE(disk.exists(path));
  }
}

TEST_F(SimDiskTest, AFailedSyncDropsPagesAndTheNextOneSucceeds) {
  const FilePtr file = open("f");
  ASSERT_TRUE(sync_directory("/"));
  ASSERT_TRUE(file->write(0, as_bytes("x")));
  disk.faults.sync_fails_one_in = 1;
  EXPECT_FALSE(sync(file));
  disk.faults.sync_fails_one_in = 0;
  EXPECT_TRUE(sync(file));
  EXPECT_EQ(content("f"), "x");
  power_loss();
  EXPECT_EQ(content("f"), "");
}

TEST_F(SimDiskTest, ALieThatIsFoundOutIsABrokenPromise) {
  const FilePtr file = open("f");
  ASSERT_TRUE(sync_directory("/"));
  std::uint64_t lies_without_harm = 0;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(file->truncate(0) && sync(file));
    disk.faults.sync_lies_one_in = 1;
    ASSERT_TRUE(file->write(0, as_bytes("x")) && sync(file));
    disk.faults.sync_lies_one_in = 0;
    const bool told_the_truth_later = i % 2 == 0;
    if (told_the_truth_later) ASSERT_TRUE(sync(file));
    const auto before = disk.broken_promises();
    power_loss();
    const bool kept = content("f") == "x";
    EXPECT_EQ(disk.broken_promises() > before, !kept);
    if (told_the_truth_later) EXPECT_TRUE(kept);
    lies_without_harm += kept;
  }
  EXPECT_GT(disk.broken_promises(), 0u);
  EXPECT_GT(lies_without_harm, 20u);
}

TEST_F(SimDiskTest, AKilledProcessLosesNothing) {
  const FilePtr file = open("f");
  ASSERT_TRUE(file->write(0, as_bytes("x")));
  node.crash(Crash::kKill);
  node.start();
  EXPECT_EQ(content("f"), "x");
}

TEST_F(SimDiskTest, ReplacedFilesAreOldOrNew) {
  ASSERT_TRUE(*world.run(node, disk.replace_file("/m", SharedBytes::copy_of("old"))));
  for (int i = 0; i < 100; ++i) {
    spawn(node.shard(0), [](Disk* d) -> Task<> { co_await d->replace_file("/m", SharedBytes::copy_of("new")); }(&disk));
    world.run_for(std::chrono::microseconds(i * 100));
    power_loss();
    ASSERT_TRUE(content("m") == "old" || content("m") == "new") << content("m");
    if (content("m") == "new") ASSERT_TRUE(*world.run(node, disk.replace_file("/m", SharedBytes::copy_of("old"))));
  }
}

std::string dated(std::optional<std::int64_t> born) { return "born=" + std::to_string(born.value_or(-1)); }

TEST_F(SimDiskTest, AReplacedFileCanSayWhenItWasBorn) {
  ASSERT_TRUE(*world.run(node, disk.replace_file("/m", dated)));
  EXPECT_EQ(content("m"), dated(disk.born("/m")));
  ASSERT_TRUE(*world.run(node, disk.replace_file_or_tear("/m", dated)));
  EXPECT_EQ(content("m"), dated(disk.born("/m")));
  power_loss();
  EXPECT_EQ(content("m"), dated(disk.born("/m"))) << "durable when it returned";
}

TEST_F(SimDiskTest, AFileThatIsReplacedInOneSyncMayBeCutShortUntilThen) {
  const auto text = [](std::string said) { return [said](auto) { return said; }; };
  std::set<std::string> outcomes;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(*world.run(node, disk.replace_file_or_tear("/m", text("old"))));
    spawn(node.shard(0), [](Disk* d, ContentBornAt content) -> Task<> {
      co_await d->replace_file_or_tear("/m", std::move(content));
    }(&disk, text("new")));
    world.run_for(std::chrono::microseconds(i));
    power_loss();
    outcomes.insert(content("m"));
  }
  EXPECT_TRUE(outcomes.contains("old"));
  EXPECT_TRUE(outcomes.contains("new"));
  EXPECT_TRUE(outcomes.contains(""));
}

TEST_F(SimDiskTest, DurableWritesTearOnlyWhileUnderWay) {
  const std::string a(2 * File::kBlock, 'a'), b(2 * File::kBlock, 'b');
  int torn = 0;
  for (int i = 0; i < 50; ++i) {
    const FilePtr file = open("j");
    ASSERT_TRUE(*world.run(node, file->write_durable(0, SharedBytes::copy_of(a))));
    ASSERT_TRUE(sync_directory("/"));
    power_loss();
    ASSERT_EQ(content("j"), a);
    spawn(node.shard(0), [](FilePtr f, std::string bytes) -> Task<> {
      co_await f->write_durable(0, SharedBytes::copy_of(bytes));
    }(open("j"), b));
    world.run_for(std::chrono::microseconds(10));
    power_loss();
    torn += content("j") != a && content("j") != b;
  }
  EXPECT_GT(torn, 25);
}

TEST_F(SimDiskTest, AFullDiskTakesWhatFitsAndSaysSo) {
  disk.faults.capacity = 10;
  const FilePtr file = open("f");
  ASSERT_TRUE(file->write(0, as_bytes("123456")));
  const auto refused = file->write(6, as_bytes("789012"));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(Disk::is_full(refused.error()));
  EXPECT_EQ(content("f"), "1234567890");
  EXPECT_TRUE(file->write(0, as_bytes("overwriting")).error().code == ErrorCode::kKafkaStorageError);
  EXPECT_EQ(content("f"), "overwritin");
  ASSERT_TRUE(file->truncate(4));
  EXPECT_TRUE(file->write(4, as_bytes("fits")));
  ASSERT_TRUE(disk.remove("f"));
}

}  // namespace
}  // namespace thalweg::sim
