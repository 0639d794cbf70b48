#include "platform/blocking_pool.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>

#include "platform/os_disk.h"
#include "platform/testing.h"

namespace thalweg::platform {
namespace {

// Jobs that take as long as the test wants.
class Gate {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  Result<int> pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    return ++passed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  int passed_ = 0;
};

struct BlockingPoolTest : testing::Test {
  ~BlockingPoolTest() override { gate->open(); }

  // Counts what comes back.
  static Task<> wait(BlockingPool* pool, Lane lane, std::shared_ptr<Gate> gate, int* done, int* refused) {
    const auto result = co_await pool->run(lane, [gate] { return gate->pass(); });
    ++*(result ? done : refused);
  }
  void queue(Lane lane, int jobs) {
    for (int i = 0; i < jobs; ++i) spawn(context.get_executor(), wait(&pool, lane, gate, &done, &refused));
    context.restart();
    context.poll();
  }
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(task),
                          [&](std::exception_ptr, T value) { result.emplace(std::move(value)); });
    const auto work = boost::asio::make_work_guard(context);
    context.restart();
    while (!result) context.run_one();
    return std::move(*result);
  }

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  boost::asio::io_context context{1};
  int done = 0, refused = 0;
  BlockingPool pool{2, 200};
};

// If they shared a queue, this would not end.
TEST_F(BlockingPoolTest, AVoteReachesTheDiskWhileReadsAndSyncsAreQueued) {
  queue(Lane::kRead, 100);
  queue(Lane::kSync, 100);
  queue(Lane::kOther, 100);
  TestDirectory directory;
  OsDisk disk(pool);
  const FilePtr votes = *disk.urgent().open(directory / "votes", OpenMode::kCreate);
  const auto block = SharedBytes::take(std::vector<std::byte>(File::kBlock, std::byte{1}));
  EXPECT_TRUE(run(votes->write_durable(0, block)));
  EXPECT_TRUE(run(votes->sync()));
  EXPECT_TRUE(run(disk.urgent().sync_directory(directory.path())));
  EXPECT_EQ(done, 0);
}

TEST_F(BlockingPoolTest, DataReachesTheDiskWhileReadsAreQueued) {
  queue(Lane::kRead, 100);
  TestDirectory directory;
  OsDisk disk(pool);
  EXPECT_TRUE(run((*disk.open(directory / "log", OpenMode::kCreate))->sync()));
  EXPECT_EQ(done, 0);
}

TEST_F(BlockingPoolTest, TooManyReadsAreRefusedAndSyncsNever) {
  queue(Lane::kRead, 300);  // two run, two hundred wait, unless a thread is slow to take its first
  EXPECT_GE(refused, 98);
  EXPECT_LE(refused, 100);
  refused = 0;
  queue(Lane::kSync, 300);
  EXPECT_EQ(refused, 0);
}

TEST_F(BlockingPoolTest, EveryJobComesBack) {
  queue(Lane::kSync, 150);
  queue(Lane::kRead, 150);
  gate->open();
  const auto work = boost::asio::make_work_guard(context);
  context.restart();
  while (done < 300) context.run_one();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace thalweg::platform
