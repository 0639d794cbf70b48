#include "raft/checkpoint.h"

#include <gtest/gtest.h>

#include <future>

#include "platform/blocking_pool.h"
#include "platform/os_disk.h"
#include "platform/testing.h"
#include "raft/testing.h"

namespace thalweg::raft {
namespace {
using namespace std::chrono_literals;

struct CheckpointsTest : ::testing::Test {
  ~CheckpointsTest() override { device.set_value(); }
  static Task<> occupy(platform::BlockingPool* pool, platform::Lane lane, std::shared_future<void> device) {
    static_cast<void>(co_await pool->run(lane, [device] {
      device.wait();
      return true;
    }));
  }
  static Task<> keep(Task<Result<>> task, std::optional<Result<>>* outcome) { *outcome = co_await std::move(task); }

  testing::World world;
  platform::TestDirectory directory;
  platform::BlockingPool pool{1};
  platform::OsDisk disk{pool};
  Shard shard{0, world.io.get_executor(), world.clock, disk, world.network, world.random, world.metrics};
  std::promise<void> device;  // where the data of topics waits
};

TEST_F(CheckpointsTest, DoNotWaitBehindTheDataOfTopics) {
  spawn(world.io.get_executor(), occupy(&pool, platform::Lane::kSync, device.get_future().share()));
  Checkpoints checkpoints(shard, directory.path());
  const std::string image(5'000'000, 'i');
  std::optional<Result<>> written;
  spawn(world.io.get_executor(),
        keep(checkpoints.write({.index = 7, .term = 1}, SharedBytes::copy_of(image)), &written));
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!written && std::chrono::steady_clock::now() < end) world.io.run_one_for(10ms);
  ASSERT_TRUE(written && *written) << (written ? written->error().message : "still waiting");
  Checkpoints again(shard, directory.path());
  const auto loaded = again.load();
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->base.index, 7u);
  EXPECT_EQ((*loaded)->image.text(), image);
}

}  // namespace
}  // namespace thalweg::raft
