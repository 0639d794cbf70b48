// Logs that lack what their last life has left: who is told, and what is none of it.
#include <gtest/gtest.h>

#include "storage/testing_log_manager.h"

namespace thalweg::storage {
namespace {

class LogManagerLostTest : public LogManagerTest {
 protected:
  enum class End { kKilled, kStopped };
  struct Left {
    std::string folder;                    // of orders-0
    std::vector<std::uint64_t> positions;  // where each of its batches begins
    std::string file() const { return segment_file(folder, Offset{0}, kLogSuffix); }
  };
  // A life that brings so many batches of one record to the disk in orders-0, and has orders-1 beside it.
  Left write(int batches, End end) {
    Left left;
    auto manager = start();
    const auto log = open(*manager, "orders", 0);
    left.folder = log->directory();
    for (int i = 0; i < batches; ++i) {
      left.positions.push_back(log->size_bytes());
      append(*log, 1);
    }
    EXPECT_TRUE(t.run(log->flush()));
    append(*open(*manager, "orders", 1), 3);
    if (end == End::kStopped) EXPECT_TRUE(t.run(manager->stop()));
    return left;
  }
  // Of the three lives that come next, somebody is told in the second.
  void is_named_until_that_was_told(const std::string& folder, Offset end) {
    for (int life = 0; life < 3; ++life) {
      auto manager = start();
      open(*manager, "orders", 1);
      const auto log = open(*manager, "orders", 0);
      EXPECT_EQ(log->directory(), folder);
      EXPECT_EQ(log->end_offset(), end) << life;
      EXPECT_EQ(manager->with_records_missing(), std::vector<LogPtr>(life < 2 ? 1 : 0, log)) << life;
      if (life == 1) ASSERT_TRUE(t.run(manager->told_missing()));
    }
  }
};

// A crash in between does not make anybody forget that records are missing.
TEST_F(LogManagerLostTest, ALogThatLacksRecordsIsNamedUntilThatWasTold) {
  const Left left = write(4, End::kKilled);
  rot(t.disk, left.file(), left.positions[1] + 70);
  is_named_until_that_was_told(left.folder, Offset{1});  // recovery cuts at the damage, once
}

// To have it copied anew from the leader, as somebody may think who finds it damaged. It must not lead with what is
// left.
TEST_F(LogManagerLostTest, ALogWhoseFolderWasTakenAwayLacksRecords) {
  dirs.push_back(t.directory + "/b");
  const Left left = write(5, End::kStopped);
  ASSERT_TRUE(t.disk.remove_directory(left.folder));
  is_named_until_that_was_told(left.folder, Offset{0});
}

TEST_F(LogManagerLostTest, AFolderThatWasMovedToAnotherDirectoryIsNotTakenAway) {
  dirs.push_back(t.directory + "/b");
  const std::string folder = write(5, End::kStopped).folder;
  const std::string there = (folder.starts_with(dirs[0]) ? dirs[1] : dirs[0]) + "/orders-0";
  ASSERT_TRUE(t.disk.rename(folder, there));
  auto manager = start();
  const auto log = open(*manager, "orders", 0);
  EXPECT_EQ(log->directory(), there);
  EXPECT_EQ(log->end_offset(), Offset{5});
  EXPECT_TRUE(manager->with_records_missing().empty());
}

// Neither with what is left of it, nor without: what the next start finds of it may be the checkpoint alone.
TEST_F(LogManagerLostTest, ALogThatWasRemovedIsNotTakenAway) {
  const Left left = write(5, End::kStopped);
  ASSERT_TRUE(t.disk.rename(left.folder, left.folder + ".0123456789abcdef0123456789abcdef-delete"));
  for (int life = 0; life < 2; ++life) {
    auto manager = start();
    open(*manager, "orders", 0, Uuid{3, 4});
    EXPECT_TRUE(manager->with_records_missing().empty()) << life;
  }
}

TEST_F(LogManagerLostTest, ATornEndIsNotMissed) {
  const Left left = write(3, End::kKilled);
  const auto file = t.disk.open(left.file(), OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->truncate(left.positions[2] + 20));
  auto manager = start();
  EXPECT_EQ(open(*manager, "orders", 0)->end_offset(), Offset{2});
  EXPECT_TRUE(manager->with_records_missing().empty());
}

}  // namespace
}  // namespace thalweg::storage
