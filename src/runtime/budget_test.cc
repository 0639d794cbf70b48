#include "runtime/budget.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg {
namespace {

// One shard, and tasks that write down when they were let in.
struct BudgetTest : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("n", 1, [](sim::Node&) { return nullptr; });
  Budget budget{100};
  std::vector<std::string> let_in;
  std::map<std::string, Charge> held;

  void SetUp() override { node.start(); }
  // Everything that is ready runs.
  void settle() { world.run_for(Instant(0)); }
  static Task<> admit(BudgetTest* test, std::string name, std::size_t bytes) {
    test->held[name] = co_await test->budget.admit(bytes);
    test->let_in.push_back(name);
  }
  static Task<> wait_settled(BudgetTest* test, std::string name) {
    co_await test->budget.settled(test->held[name]);
    test->let_in.push_back(name);
  }
  void start(std::string name, std::size_t bytes) {
    spawn(node.shard(0), admit(this, std::move(name), bytes));
    settle();
  }
  void start_settling(std::string name) {
    spawn(node.shard(0), wait_settled(this, std::move(name)));
    settle();
  }
  void end(const std::string& name) {
    held.erase(name);
    settle();
  }
};

using Names = std::vector<std::string>;

TEST_F(BudgetTest, AChargeGivesItsBytesBackOnceHoweverItEnds) {
  {
    Charge first = budget.take(30);
    first.add(10);
    EXPECT_EQ(budget.available(), 60);
    Charge second = std::move(first);
    EXPECT_EQ(first.bytes(), 0u);
    EXPECT_EQ(second.bytes(), 40u);
    second = budget.take(5);
    EXPECT_EQ(budget.available(), 95);
    second.absorb(budget.take(7));
    EXPECT_EQ(second.bytes(), 12u);
    second.release();
    EXPECT_EQ(budget.available(), 100);
    second.add(3);
  }
  EXPECT_EQ(budget.available(), 100);
}

TEST_F(BudgetTest, AChargeOfNoBudgetCountsNothing) {
  Charge none;
  none.add(10);
  EXPECT_EQ(none.bytes(), 0u);
  EXPECT_EQ(none.overdraft(), 0u);
}

TEST_F(BudgetTest, AChargeMayOutliveItsBudget) {
  auto short_lived = std::make_unique<Budget>(10);
  Charge charge = short_lived->take(4);
  short_lived.reset();
  charge.add(1);
  charge.release();
  EXPECT_EQ(charge.bytes(), 0u);
}

TEST_F(BudgetTest, NeverAdmitsMoreThanIsLeftAndLetsNobodyOvertake) {
  start("a", 60);
  start("b", 60);
  start("c", 10);  // would fit, but came later
  EXPECT_EQ(let_in, Names{"a"});
  EXPECT_TRUE(budget.is_short());
  EXPECT_EQ(budget.waiting(), 2u);
  EXPECT_FALSE(budget.try_admit(1));
  end("a");
  EXPECT_EQ(let_in, (Names{"a", "b", "c"}));
  EXPECT_EQ(budget.available(), 30);
}

TEST_F(BudgetTest, AdmitsWhatIsLargerThanAllOfItOneAtATime) {
  start("small", 10);
  start("huge", 500);
  start("huger", 900);
  EXPECT_EQ(let_in, (Names{"small", "huge"}));
  EXPECT_EQ(budget.available(), -410);
  end("small");
  EXPECT_EQ(let_in.size(), 2u);
  end("huge");
  EXPECT_EQ(let_in.back(), "huger");
  end("huger");
  EXPECT_EQ(budget.available(), 100);
}

TEST_F(BudgetTest, WhoHoldsSomethingGoesBeforeThoseWhoWantToBeAdmittedAndOneAtATime) {
  start("holder", 40);
  Charge grown = budget.take(200);
  EXPECT_EQ(grown.overdraft(), 140u);
  start("new", 50);
  start_settling("first");
  start_settling("second");
  EXPECT_EQ(let_in, Names{"holder"});
  grown.release();
  settle();
  EXPECT_EQ(let_in, (Names{"holder", "first"}));
  end("holder");
  EXPECT_EQ(let_in, (Names{"holder", "first", "second"}));
  budget.take(1).release();
  settle();
  EXPECT_EQ(let_in.back(), "new");
}

TEST_F(BudgetTest, WhatIsLargerThanAllOfItSettlesAlthoughItOverdraws) {
  start("small", 10);
  start("huge", 500);
  start_settling("huge");
  EXPECT_EQ(let_in, (Names{"small", "huge", "huge"}));  // nobody else overdraws
  Charge grown = budget.take(100);
  start_settling("small");
  start_settling("huge");
  EXPECT_EQ(let_in.size(), 3u);
  grown.release();
  settle();
  EXPECT_EQ(let_in.back(), "huge");  // or both would wait for each other
  end("huge");
  EXPECT_EQ(let_in.back(), "small");
}

TEST_F(BudgetTest, TellsOnceThatSomebodyWaits) {
  int told = 0;
  const auto first = budget.once_short([&] { ++told; });
  auto gone = budget.once_short([&] { told += 100; });
  gone.reset();
  start("a", 100);
  EXPECT_EQ(told, 0);
  start("b", 1);
  start("c", 1);
  EXPECT_EQ(told, 1);
  const auto late = budget.once_short([&] { ++told; });
  EXPECT_EQ(told, 2);
}

TEST_F(BudgetTest, SurvivesTheEndOfAShardOnWhichSomebodyWaits) {
  start("a", 100);
  start("b", 50);
  start("c", 50);
  held.clear();  // grants "b", whose coroutine is ready and never runs
  node.crash(sim::Crash::kKill);
  held.clear();
  EXPECT_EQ(budget.available(), 100);
}

}  // namespace
}  // namespace thalweg
