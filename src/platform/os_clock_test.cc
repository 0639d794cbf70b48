#include <gtest/gtest.h>

#include "platform/testing.h"

namespace thalweg::platform {
namespace {
using namespace std::chrono_literals;

Task<std::vector<int>> three_timers(const Shard* shard) {
  std::vector<int> order;
  OneShot<bool> last;
  const Instant now = shard->clock.now();
  auto c = shard->clock.call_at(now + 3ms, [&] { order.push_back(3), last.set(true); });
  auto a = shard->clock.call_at(now + 1ms, [&] { order.push_back(1); });
  auto cancelled = shard->clock.call_at(now + 1ms, [&] { order.push_back(99); });
  auto b = shard->clock.call_at(now + 2ms, [&] { order.push_back(2); });
  cancelled.reset();
  co_await last.wait();
  co_return order;
}

TEST(OsClock, CallsInOrderOfDeadlinesAndNeverWhatWasCancelled) {
  TestShards shards;
  EXPECT_EQ(run_on(shards[0], three_timers(&shards[0])), (std::vector<int>{1, 2, 3}));
}

Task<bool> past_deadline(const Shard* shard) {
  bool inside = true, called_inside = false;
  OneShot<bool> called;
  auto timer = shard->clock.call_at(shard->clock.now() - 1s, [&] {
    called_inside = inside;
    called.set(true);
  });
  inside = false;
  co_await called.wait();
  co_return !called_inside;
}

TEST(OsClock, NeverCallsBeforeCallAtReturns) {
  TestShards shards;
  EXPECT_TRUE(run_on(shards[0], past_deadline(&shards[0])));
}

Task<int> timer_that_drops_itself_and_the_next(const Shard* shard) {
  struct Timers {
    std::unique_ptr<Clock::Timer> first, second;
    int calls = 0;
  } timers;
  const Instant when = shard->clock.now() + 1ms;
  timers.first = shard->clock.call_at(when, [&timers] {
    ++timers.calls;
    timers.second.reset();
    timers.first.reset();
  });
  timers.second = shard->clock.call_at(when, [&timers] { timers.calls += 100; });
  co_await shard->clock.sleep_for(5ms);
  co_return timers.calls;
}

TEST(OsClock, ATimerMayDestroyItselfAndOthersThatAreDue) {
  TestShards shards;
  EXPECT_EQ(run_on(shards[0], timer_that_drops_itself_and_the_next(&shards[0])), 1);
}

}  // namespace
}  // namespace thalweg::platform
