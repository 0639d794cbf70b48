#include "storage/file_cache.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::storage {
namespace {

struct FileCacheTest : testing::Test {
  FileCacheTest() {
    for (int i = 0; i < 10; ++i) CHECK(disk.open(path(i), OpenMode::kCreate));
  }
  static std::string path(int i) { return "f" + std::to_string(i); }

  sim::World world{1};
  sim::SimDisk& disk = world.add_node("n", 1, [](sim::Node&) { return nullptr; }).disk();
};

TEST_F(FileCacheTest, ClosesWhatWasNotUsedForLongestAndNobodyHolds) {
  FileCache files(disk, 3);
  const FilePtr held = *files.open(path(0));
  for (int i = 1; i < 6; ++i) ASSERT_TRUE(files.open(path(i)));
  EXPECT_EQ(disk.open_files(), 3u);
  EXPECT_EQ(*files.open(path(0)), held) << "was closed although it is in use";
  ASSERT_TRUE(files.open(path(5)));
  EXPECT_EQ(disk.open_files(), 3u) << "the last one is still open";
}

TEST_F(FileCacheTest, CountsFilesThatAreHeldAndRefusesBeyondTheMost) {
  FileCache files(disk, 2, 4);
  std::vector<FilePtr> held;
  for (int i = 0; i < 4; ++i) held.push_back(*files.open(path(i)));
  const auto refused = files.open(path(4));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(Disk::is_out_of_files(refused.error())) << refused.error().message;
  EXPECT_TRUE(files.open(path(3)));
  held.pop_back();
  EXPECT_TRUE(files.open(path(4)));
  held.clear();
  ASSERT_TRUE(files.open(path(5)));
  EXPECT_EQ(files.size(), 2u);
}

// Somebody else has taken the descriptors of the process.
TEST_F(FileCacheTest, GivesBackWhatItKeepsWhenThereAreNoneLeft) {
  FileCache files(disk, 8);
  const FilePtr held = *files.open(path(0));
  for (int i = 1; i < 5; ++i) ASSERT_TRUE(files.open(path(i)));
  disk.faults.open_files_max = 2;
  ASSERT_TRUE(files.open(path(6)));
  EXPECT_EQ(disk.open_files(), 2u);
  const FilePtr also_held = *files.open(path(6));
  EXPECT_TRUE(Disk::is_out_of_files(files.open(path(7)).error()));
  EXPECT_EQ(*files.open(path(0)), held);
}

}  // namespace
}  // namespace thalweg::storage
