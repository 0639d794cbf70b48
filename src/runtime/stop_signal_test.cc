#include "runtime/stop_signal.h"

#include <gtest/gtest.h>

#include "runtime/yielding.h"
#include "sim/world.h"

namespace thalweg {
namespace {
using namespace std::chrono_literals;

struct StopSignalTest : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("n", 1, [](sim::Node&) { return nullptr; });
  StopSignal stop;
  void SetUp() override { node.start(); }
};

TEST_F(StopSignalTest, CallsEverybodyWhoListensOnce) {
  std::string called;
  const auto a = stop.once_given([&] { called += "a"; });
  auto b = stop.once_given([&] { called += "b"; });
  const auto c = stop.once_given([&] { called += "c"; });
  b.reset();
  EXPECT_FALSE(stop.given());
  stop.give();
  stop.give();
  EXPECT_TRUE(stop.given());
  EXPECT_EQ(called, "ac");
}

TEST_F(StopSignalTest, CallsAtOnceWhoListensAfterwards) {
  stop.give();
  bool called = false;
  const auto late = stop.once_given([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST_F(StopSignalTest, AListenerMayTakeAnotherOneAway) {
  bool called = false;
  std::unique_ptr<StopSignal::Registration> second;
  const auto first = stop.once_given([&] { second.reset(); });
  second = stop.once_given([&] { called = true; });
  stop.give();
  EXPECT_FALSE(called);
}

Task<> sleep(StopSignal* stop, const Shard* shard, std::optional<bool>* slept) {
  *slept = co_await stop->sleep_until(shard->clock, shard->clock.now() + 5s);
}

TEST_F(StopSignalTest, EndsASleep) {
  std::optional<bool> whole, cut;
  spawn(node.shard(0), sleep(&stop, &node.shard(0), &whole));
  world.run_for(6s);
  EXPECT_EQ(whole, true);
  spawn(node.shard(0), sleep(&stop, &node.shard(0), &cut));
  world.run_for(1s);
  EXPECT_FALSE(cut);
  stop.give();
  world.run_for(Instant(0));
  EXPECT_EQ(cut, false);
}

Task<> count(std::string* order, char name) {
  Pace pace(2);
  for (int i = 0; i < 6; ++i) {
    *order += name;
    if (pace.due()) co_await give_way();
  }
}

TEST(Pace, LetsOthersInAfterSoMuchWork) {
  sim::World world{1};
  sim::Node& node = world.add_node("n", 1, [](sim::Node&) { return nullptr; });
  node.start();
  std::string order;
  spawn(node.shard(0), count(&order, 'a'));
  spawn(node.shard(0), count(&order, 'b'));
  world.run_for(Instant(0));
  EXPECT_EQ(order, "aabbaabbaabb");
}

}  // namespace
}  // namespace thalweg
