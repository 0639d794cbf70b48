#include "runtime/task.h"

#include <gtest/gtest.h>

#include "runtime/gather.h"
#include "runtime/signal.h"
#include "sim/world.h"

namespace thalweg {
namespace {
using namespace std::chrono_literals;

struct TaskTest : testing::Test {
  sim::World world{5};
  sim::Node& node = world.add_node("n", 3, [](sim::Node&) { return nullptr; });
  void SetUp() override { node.start(); }
  const Shard& shard(unsigned i = 0) { return node.shard(i); }
};

Task<int> value_of(OneShot<int> shot) { co_return co_await shot.wait(); }
Task<> set_later(const Shard* shard, OneShot<int> shot, int value) {
  co_await shard->clock.sleep_for(1s);
  shot.set(value);
}

TEST_F(TaskTest, AOneShotMayBeSetBeforeOrAfterTheWait) {
  OneShot<int> before, after;
  before.set(1);
  spawn(shard(), set_later(&shard(), after, 2));
  EXPECT_EQ(world.run(node, value_of(before)), 1);
  EXPECT_EQ(world.run(node, value_of(after)), 2);
}

TEST_F(TaskTest, TheFirstAnswerOfAOneShotWins) {
  OneShot<int> shot;
  shot.set(1);
  shot.set(2);
  EXPECT_EQ(world.run(node, value_of(shot)), 1);
}

Task<> count_wakeups(Signal* signal, int* wakeups) {
  for (;;) {
    co_await signal->wait();
    ++*wakeups;
  }
}

TEST_F(TaskTest, ASignalRemembersOneNotificationAndNoMore) {
  Signal signal;
  int wakeups = 0;
  signal.notify();
  signal.notify();
  spawn(shard(), count_wakeups(&signal, &wakeups));
  world.run_for(1s);
  EXPECT_EQ(wakeups, 1);
  signal.notify();
  world.run_for(1s);
  EXPECT_EQ(wakeups, 2);
  node.crash(sim::Crash::kKill);  // before the signal goes
}

Task<int> wait_then(const Shard* shard, Instant time, int value) {
  co_await shard->clock.sleep_for(time);
  co_return value;
}
Task<std::vector<int>> gather_in_parallel(const Shard* shard) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(wait_then(shard, std::chrono::seconds(10 - i), i));
  co_return co_await gather(std::move(tasks));
}

TEST_F(TaskTest, GatherRunsAllAtOnceAndKeepsTheirOrder) {
  const auto results = world.run(node, gather_in_parallel(&shard()));
  EXPECT_EQ(results, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_LT(world.now(), Instant(11s));
}

// Lives on shard 2; says so when it is called from elsewhere.
struct Home {
  const Shard& shard;
  int calls = 0;
  Task<Result<bool>> is_home() {
    ++calls;
    co_await shard.clock.sleep_for(1ms);
    co_return co_await boost::asio::this_coro::executor == shard.executor;
  }
  int plain(std::string text) {
    ++calls;
    return static_cast<int>(text.size());
  }
};
Task<bool> call_and_come_back(const Shard* here, const Shard* there, Home* home) {
  const auto was_home = co_await there->call(*home, &Home::is_home);
  const int size = co_await there->call(*home, &Home::plain, std::string("four"));
  const bool is_back = co_await boost::asio::this_coro::executor == here->executor;
  co_return was_home && *was_home&& size == 4 && is_back;
}

TEST_F(TaskTest, ACallRunsOnTheOwnersShardAndComesBack) {
  Home home{shard(2)};
  EXPECT_TRUE(*world.run(node, call_and_come_back(&shard(0), &shard(2), &home)));
  EXPECT_EQ(home.calls, 2);
}

Task<> hold(std::shared_ptr<int> witness, OneShot<int> shot) {
  co_await shot.wait();
  ADD_FAILURE() << "ran on with " << *witness;
}

TEST_F(TaskTest, WhatIsParkedWhenItsShardEndsIsDestroyedWithoutRunningOn) {
  auto witness = std::make_shared<int>(7);
  OneShot<int> shot;
  spawn(shard(), hold(witness, shot));
  world.run_for(1s);
  EXPECT_EQ(witness.use_count(), 2);
  node.crash(sim::Crash::kKill);
  EXPECT_EQ(witness.use_count(), 1);
  shot.set(1);  // nobody is there any more
  world.run_for(1s);
}

}  // namespace
}  // namespace thalweg
