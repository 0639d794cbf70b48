// The folder of an application: who it is, who has which task.
#include "streams/state_dir.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace thalweg::streams::detail {
namespace {

namespace fs = std::filesystem;

class StateDirs : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "thalweg-state-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(StateDirs, AProcessKeepsItsIdAndHasItsFolderAlone) {
  std::string id;
  {
    auto dir = StateDir::open(folder_, "app");
    ASSERT_TRUE(dir) << dir.error().message;
    id = dir->process_id();
    EXPECT_EQ(id.size(), 36u);
    const auto second = StateDir::open(folder_, "app");
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("another process"), std::string::npos);
    EXPECT_TRUE(StateDir::open(folder_, "other"));
  }
  EXPECT_EQ(StateDir::open(folder_, "app")->process_id(), id);
}

TEST_F(StateDirs, ATaskIsOneThreadsUntilItsClaimIsLetGo) {
  auto dir = StateDir::open(folder_, "app");
  auto claim = dir->claim({0, 1});
  EXPECT_TRUE(claim);
  EXPECT_FALSE(dir->claim({0, 1}));
  EXPECT_TRUE(dir->claim({0, 2}));
  claim.reset();
  EXPECT_TRUE(dir->claim({0, 1}));
}

TEST_F(StateDirs, CleansUpWhatNobodyHasHadForAWhile) {
  auto dir = StateDir::open(folder_, "app");
  for (const TaskId task : {TaskId{0, 1}, {0, 2}, {0, 3}}) fs::create_directories(dir->of(task));
  fs::create_directories(folder_ / "app" / "not a task");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const TaskId task : {TaskId{0, 1}, {0, 2}}) fs::last_write_time(dir->of(task), long_ago);
  fs::last_write_time(folder_ / "app" / "not a task", long_ago);
  const auto held = dir->claim({0, 2});
  dir->clean_up(std::chrono::minutes(10));
  EXPECT_FALSE(fs::exists(dir->of({0, 1})));
  EXPECT_TRUE(fs::exists(dir->of({0, 2})));
  EXPECT_TRUE(fs::exists(dir->of({0, 3})));
  EXPECT_TRUE(fs::exists(folder_ / "app" / "not a task"));
}

}  // namespace
}  // namespace thalweg::streams::detail
