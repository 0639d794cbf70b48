#include "console/refreshed.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::console {
namespace {
using namespace std::chrono_literals;

struct RefreshedTest : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("node", 1, [](sim::Node&) { return nullptr; });
  Instant takes{0};
  int made = 0;
  std::unique_ptr<Refreshed<int>> value;

  RefreshedTest() {
    node.start();
    value = std::make_unique<Refreshed<int>>(node.shard(0), Refreshed<int>::Times{.fresh = 2s, .patience = 10ms},
                                             [this] { return make_next(this); });
  }
  static Task<Refreshed<int>::Ptr> make_next(RefreshedTest* test) {
    co_await test->node.shard(0).clock.sleep_for(test->takes);
    co_return std::make_shared<const int>(++test->made);
  }
  int get() { return **world.run(node, value->get()); }
  void pass(Instant time) { world.run(node, sleep(&node.shard(0), time)); }
  static Task<bool> sleep(const Shard* shard, Instant time) {
    co_await shard->clock.sleep_for(time);
    co_return true;
  }
};

TEST_F(RefreshedTest, IsMadeAnewWhenItIsOld) {
  EXPECT_EQ(get(), 1);
  pass(1s);
  EXPECT_EQ(get(), 1);
  pass(1s);
  EXPECT_EQ(get(), 2);
}

TEST_F(RefreshedTest, WhoeverAsksFirstWaitsForIt) {
  takes = 5s;
  const Instant begun = world.now();
  EXPECT_EQ(get(), 1);
  EXPECT_GE(world.now() - begun, Instant(5s));
}

TEST_F(RefreshedTest, WhatTakesLongIsNotWaitedForAndIsThereLater) {
  get();
  takes = 100ms;
  pass(3s);
  const Instant begun = world.now();
  EXPECT_EQ(get(), 1);
  EXPECT_EQ(world.now() - begun, Instant(10ms));
  EXPECT_EQ(get(), 1);  // asks for no second one
  pass(100ms);
  EXPECT_EQ(get(), 2);
  EXPECT_EQ(made, 2);
}

TEST_F(RefreshedTest, StopWaitsForTheOneThatIsBeingMade) {
  get();
  takes = 100ms;
  pass(3s);
  get();
  EXPECT_EQ(made, 1);
  spawn(node.shard(0), value->stop());
  pass(200ms);
  EXPECT_EQ(made, 2);
  pass(10s);
  EXPECT_EQ(get(), 2);
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace thalweg::console
