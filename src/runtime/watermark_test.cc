#include "runtime/watermark.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg {
namespace {
using namespace std::chrono_literals;

// One shard, and waiters that write down how they were answered.
struct WatermarkTest : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("n", 1, [](sim::Node&) { return nullptr; });
  std::unique_ptr<Watermark> watermark;
  std::vector<std::string> answers;

  void SetUp() override {
    node.start();
    watermark = std::make_unique<Watermark>(node.shard(0).clock, Offset{10});
  }
  static Task<> wait(WatermarkTest* test, Offset target, Instant timeout) {
    Clock& clock = test->node.shard(0).clock;
    const bool reached = co_await test->watermark->reached(target, clock.now() + timeout);
    test->answers.push_back(to_string(target) + (reached ? " reached" : " not reached"));
  }
  void start_waiting(std::int64_t target, Instant timeout = 1h) {
    spawn(node.shard(0), wait(this, Offset{target}, timeout));
    settle();
  }
  // Everything that is ready runs; time stands still.
  void settle() { world.run_for(Instant(0)); }
};

using Answers = std::vector<std::string>;

TEST_F(WatermarkTest, AnswersAtOnceWhatIsReachedAlready) {
  start_waiting(10);
  EXPECT_EQ(answers, Answers{"10 reached"});
}

TEST_F(WatermarkTest, WakesWaitersAtOrBelowTheNewOffset) {
  start_waiting(11);
  start_waiting(12);
  start_waiting(13);
  watermark->advance(Offset{12});
  settle();
  EXPECT_EQ(answers, (Answers{"11 reached", "12 reached"}));
}

TEST_F(WatermarkTest, NeverGoesBackByAdvancing) {
  watermark->advance(Offset{5});
  EXPECT_EQ(watermark->value(), Offset{10});
}

TEST_F(WatermarkTest, AnswersNotReachedAtTheDeadline) {
  start_waiting(11, 2s);
  world.run_for(1999ms);
  EXPECT_TRUE(answers.empty());
  world.run_for(1ms);
  EXPECT_EQ(answers, Answers{"11 not reached"});
}

TEST_F(WatermarkTest, FailingAnswersEverybodyUntilItIsReopened) {
  start_waiting(11);
  watermark->fail();
  settle();
  start_waiting(12);
  EXPECT_EQ(answers, (Answers{"11 not reached", "12 not reached"}));
  watermark->reopen();
  start_waiting(13);
  watermark->advance(Offset{13});
  settle();
  EXPECT_EQ(answers.back(), "13 reached");
}

// A role that ends and begins again before its waiters run: what they waited for was the first one's.
TEST_F(WatermarkTest, WhatHasFailedIsNotReachedByWhatComesBeforeTheWaiterRuns) {
  start_waiting(11);
  watermark->fail();
  watermark->reopen();
  watermark->advance(Offset{12});
  settle();
  EXPECT_EQ(answers, Answers{"11 not reached"});
  start_waiting(13);
  watermark->advance(Offset{13});
  watermark->fail();
  settle();
  EXPECT_EQ(answers.back(), "13 reached");
}

TEST_F(WatermarkTest, ResetJudgesWaitersAnew) {
  watermark->reset(Offset{3});
  start_waiting(5);
  EXPECT_TRUE(answers.empty());
  watermark->reset(Offset{6});
  settle();
  EXPECT_EQ(answers, Answers{"5 reached"});
}

TEST_F(WatermarkTest, AListenerIsCalledOnceAndNotAfterItsHandleIsGone) {
  int kept = 0, dropped = 0;
  const auto registration = watermark->once_above(Offset{10}, [&] { ++kept; });
  watermark->once_above(Offset{10}, [&] { ++dropped; }).reset();
  watermark->advance(Offset{11});
  watermark->advance(Offset{12});
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(dropped, 0);
  const auto at_once = watermark->once_above(Offset{11}, [&] { kept += 10; });
  EXPECT_EQ(kept, 11);
}

TEST_F(WatermarkTest, AListenerMayRegisterAgainWhileItIsCalled) {
  int calls = 0;
  std::unique_ptr<Watermark::Registration> registration;
  std::function<void()> listen = [&] {
    ++calls;
    if (calls < 3) registration = watermark->once_above(watermark->value(), listen);
  };
  registration = watermark->once_above(Offset{10}, listen);
  for (int i = 11; i < 20; ++i) watermark->advance(Offset{i});
  EXPECT_EQ(calls, 3);
}

TEST_F(WatermarkTest, MayBeDestroyedBeforeItsWaiters) {
  start_waiting(11);
  node.crash(sim::Crash::kKill);
  watermark.reset();
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace thalweg
