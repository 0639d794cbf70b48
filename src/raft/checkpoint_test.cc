#include "raft/checkpoint.h"

#include <gtest/gtest.h>

#include <future>

#include "base/crc32c.h"
#include "platform/blocking_pool.h"
#include "platform/os_disk.h"
#include "platform/testing.h"
#include "raft/testing.h"
#include "raft/wire.h"

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

Task<Result<>> write(Checkpoints* checkpoints, std::uint64_t index, std::string image) {
  co_return co_await checkpoints->write({.index = index, .term = 1}, SharedBytes::copy_of(image));
}

TEST_F(CheckpointsTest, AnImageThatIsBeingSentStaysReadableWhenALaterOneIsWritten) {
  Checkpoints checkpoints(shard, directory.path());
  std::optional<Result<>> written;
  const auto finish = [&] {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!written && std::chrono::steady_clock::now() < end) {
      world.io.restart();  // it had nothing left to do between the two
      world.io.run_one_for(10ms);
    }
    ASSERT_TRUE(written && *written) << (written ? written->error().message : "still waiting");
    written.reset();
  };
  spawn(world.io.get_executor(), keep(write(&checkpoints, 7, "seven"), &written));
  finish();
  const Pieces sent = checkpoints.image();
  spawn(world.io.get_executor(), keep(write(&checkpoints, 8, "eight!"), &written));
  finish();
  ASSERT_EQ(checkpoints.index(), 8u);
  const auto& piece = std::get<FilePiece>(sent.front());
  std::vector<std::byte> image(piece.size);
  const auto read = std::dynamic_pointer_cast<File>(piece.source)->read_now(piece.position, image);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(as_text(image), "seven");
}

// Written out by hand, as files are that were made before there was a member table.
TEST_F(CheckpointsTest, AFileWithoutAMemberTableIsRead) {
  std::vector<std::byte> rest;
  put(rest, std::uint64_t{7});
  put(rest, std::uint64_t{3});
  put(rest, std::uint32_t{1});
  put(rest, member_of(BrokerId{0}));
  for (int list = 0; list < 3; ++list) put(rest, std::uint32_t{0});
  put(rest, std::uint8_t{0});
  put(rest, std::uint64_t{5});
  put(rest, as_bytes("image"));
  std::vector<std::byte> content;
  put(content, std::uint32_t{0x54575343});
  put(content, crc32c(rest));
  put(content, BytesView(rest));
  const auto file = disk.open(directory.path() + "/00000000000000000007-0000000003.checkpoint", OpenMode::kTruncate);
  ASSERT_TRUE(file && (*file)->write(0, content));
  Checkpoints checkpoints(shard, directory.path());
  const auto loaded = checkpoints.load();
  ASSERT_TRUE(loaded && *loaded) << (loaded ? "" : loaded.error().message);
  EXPECT_EQ((*loaded)->base, (Base{7, 3, {.voters = {member_of(BrokerId{0})}}, {}}));
  EXPECT_EQ((*loaded)->image.text(), "image");
}

}  // namespace
}  // namespace thalweg::raft
