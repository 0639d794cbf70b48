#include "platform/shard_threads.h"

#include <gtest/gtest.h>

#include <csignal>

#include "platform/testing.h"

namespace thalweg::platform {
namespace {
using namespace std::chrono_literals;

struct Counter {
  const Shard& home;
  std::thread::id thread;
  int count = 0;
  int add(int n) {
    if (count == 0) thread = std::this_thread::get_id();
    EXPECT_TRUE(std::this_thread::get_id() == thread);
    return count += n;
  }
  Task<> wait_for_ever(std::shared_ptr<int> witness) {
    OneShot<bool> never;
    co_await never.wait();
    ADD_FAILURE() << *witness;
  }
};

Task<int> add_many(const Shard* there, Counter* counter, int n) {
  int last = 0;
  for (int i = 0; i < n; ++i) last = co_await there->call(*counter, &Counter::add, 1);
  co_return last;
}

TEST(ShardThreads, CallsRunOnTheOwnersThread) {
  TestShards shards(3);
  Counter counter{shards[2]};
  std::vector<std::future<int>> results;
  for (int i = 0; i < 2; ++i)
    results.push_back(
        std::async(std::launch::async, [&, i] { return run_on(shards[i], add_many(&shards[2], &counter, 500)); }));
  for (auto& result : results) result.get();
  EXPECT_EQ(counter.count, 1000);
}

Task<> sleep_long(const Shard* shard, std::shared_ptr<int> witness) {
  co_await shard->clock.sleep_for(1h);
  ADD_FAILURE() << *witness;
}
Task<> accept_long(const Shard* shard, std::shared_ptr<int> witness) {
  auto listener = shard->network.listen({"127.0.0.1", 0});
  auto connection = co_await (*listener)->accept();
  ADD_FAILURE() << *witness;
}
Task<> call_long(const Shard* there, Counter* counter, std::shared_ptr<int> witness) {
  co_await there->call(*counter, &Counter::wait_for_ever, witness);
}

TEST(ShardThreads, DroppingDestroysWhateverStillWaits) {
  auto witness = std::make_shared<int>(0);
  {
    TestShards shards(2);
    Counter counter{shards[1]};
    for (std::size_t i = 0; i < 2; ++i) {
      spawn(shards[i], sleep_long(&shards[i], witness));
      spawn(shards[i], accept_long(&shards[i], witness));
      spawn(shards[i], call_long(&shards[1 - i], &counter, witness));
      spawn(shards[i], counter.wait_for_ever(witness));
    }
    run_on(shards[0], shards[0].clock.sleep_for(5ms));
    shards.threads.stop();
    shards.threads.join();
    EXPECT_GT(witness.use_count(), 8);
    shards.threads.drop_suspended();
    EXPECT_EQ(witness.use_count(), 1);
  }
}

TEST(ShardThreads, CallsBackOnASignal) {
  const auto before = ::signal(SIGHUP, SIG_DFL);  // whoever runs the tests may have it ignored
  for (const int expected : {SIGTERM, SIGINT, SIGHUP}) {
    ShardThreads threads({.shards = 1});
    std::promise<int> got;
    threads.on_stop_signal([&got](int signal) { got.set_value(signal); });
    threads.start();
    ::raise(expected);
    EXPECT_EQ(got.get_future().get(), expected);
  }
  ::signal(SIGHUP, before);
}

TEST(ShardThreads, UnderNohupAHangupStaysIgnored) {
  const auto before = ::signal(SIGHUP, SIG_IGN);
  ShardThreads threads({.shards = 1});
  threads.on_stop_signal([](int) {});
  EXPECT_EQ(::signal(SIGHUP, before), SIG_IGN);
}

}  // namespace
}  // namespace thalweg::platform
