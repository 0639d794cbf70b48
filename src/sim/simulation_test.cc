#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/watermark.h"
#include "sim/world.h"

namespace thalweg::sim {
namespace {
using namespace std::chrono_literals;

// The smallest thing with the shape of everything we run: counts, appends each step, acknowledges what is synced.
enum class AfterSyncFailure { kStopForGood, kCarryOn };  // kCarryOn is the planted bug

class Counter {
 public:
  Counter(const Shard& shard, AfterSyncFailure policy)
      : shard_(shard),
        policy_(policy),
        file_(*shard.disk.open("counter.log", OpenMode::kCreate)),
        durable_(shard.clock) {}

  Task<Result<std::int64_t>> add(std::int64_t by) {
    if (failed_) co_return fail(ErrorCode::kKafkaStorageError, "offline");
    const std::int64_t total = total_ += by;
    CO_TRY_VOID(file_->write(file_->size(), std::as_bytes(std::span(&by, 1))));
    const Offset end{total_};
    spawn(shard_, commit(end));
    if (!co_await durable_.reached(end, shard_.clock.now() + 1s)) co_return fail(ErrorCode::kRequestTimedOut);
    co_return total;
  }

 private:
  Task<> commit(Offset end) {
    const auto synced = co_await file_->sync();
    if (!synced && policy_ == AfterSyncFailure::kStopForGood) failed_ = true;
    if (synced && !failed_) durable_.advance(end);
  }
  const Shard& shard_;
  const AfterSyncFailure policy_;
  const FilePtr file_;
  Watermark durable_;
  std::int64_t total_ = 0;
  bool failed_ = false;
};

struct Tally {
  std::int64_t acknowledged = 0, refused = 0;
};
Task<> client(const Shard* home, const Shard* owner, Counter* counter, Tally* tally) {
  for (int i = 0; i < 50; ++i) {
    const auto response = co_await owner->call(*counter, &Counter::add, std::int64_t{1});
    ++(response ? tally->acknowledged : tally->refused);
    co_await home->clock.sleep_for(std::chrono::microseconds(home->random.next() % 2000));
  }
}

struct Outcome {
  std::uint64_t trace, steps;
  Tally tally;
  std::uint64_t durable;
  friend bool operator==(const Outcome& a, const Outcome& b) { return a.trace == b.trace && a.steps == b.steps; }
};

Outcome simulate(std::uint64_t seed, AfterSyncFailure policy) {
  World world(seed);
  Tally tally;
  Node& node = world.add_node("n", 4, [&](Node& n) {
    auto counter = std::make_shared<Counter>(n.shard(0), policy);
    for (unsigned i = 1; i < 4; ++i) spawn(n.shard(i), client(&n.shard(i), &n.shard(0), counter.get(), &tally));
    return counter;
  });
  node.disk().faults.sync_fails_one_in = 400;
  node.start();
  world.run(node,
            [](Disk* disk) -> Task<bool> { co_return (co_await disk->sync_directory("/")).has_value(); }(&node.disk()));
  world.run_until([&] { return tally.acknowledged + tally.refused == 150; }, 1min);
  const Outcome run{world.simulation.trace(), world.simulation.steps(), tally, 0};
  node.crash(Crash::kPowerLoss);
  const auto file = node.disk().open("counter.log", OpenMode::kRead);
  if (!file) return run;  // the sync of its name was among those that failed
  // Whole records from the start: a hole reads as zeros.
  Outcome result = run;
  for (std::int64_t value = 0;
       (*file)->read_now(result.durable * 8, std::as_writable_bytes(std::span(&value, 1))).value() == 8 && value == 1;)
    ++result.durable;
  return result;
}

TEST(Simulation, EverySeedReplaysExactlyAndSchedulesDiffer) {
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Outcome first = simulate(seed, AfterSyncFailure::kStopForGood);
    EXPECT_EQ(first, simulate(seed, AfterSyncFailure::kStopForGood)) << "seed " << seed;
    traces.insert(first.trace);
  }
  EXPECT_EQ(traces.size(), 100u);
}

TEST(Simulation, NothingAcknowledgedIsLost) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Outcome run = simulate(seed, AfterSyncFailure::kStopForGood);
    EXPECT_GE(static_cast<std::int64_t>(run.durable), run.durable == 0 ? 0 : run.tally.acknowledged) << "seed " << seed;
  }
}

TEST(Simulation, FindsThePlantedBug) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Outcome run = simulate(seed, AfterSyncFailure::kCarryOn);
    found += static_cast<std::int64_t>(run.durable) < run.tally.acknowledged;
  }
  EXPECT_GT(found, 10);
}

Task<> sleeper(const Shard* shard, std::shared_ptr<int> witness) {
  for (;;) co_await shard->clock.sleep_for(1ms);
}
struct Remote {
  Task<> never(std::shared_ptr<int> witness) {
    OneShot<bool> answer;
    co_await answer.wait();
  }
};
Task<> caller(const Shard* there, Remote* remote, std::shared_ptr<int> witness) {
  co_await there->call(*remote, &Remote::never, witness);
  ADD_FAILURE() << "ran on after the crash";
}
Task<> syncer(const Shard* shard, std::shared_ptr<int> witness) {
  const auto file = shard->disk.open("f", OpenMode::kCreate);
  for (;;) co_await (*file)->sync();
}

TEST(Simulation, ACrashDestroysWhateverIsSuspended) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto witness = std::make_shared<int>(0);
    World world(seed);
    Node& node = world.add_node("n", 3, [&](Node& n) {
      auto remote = std::make_shared<Remote>();
      for (unsigned i = 0; i < 3; ++i) {
        spawn(n.shard(i), sleeper(&n.shard(i), witness));
        spawn(n.shard(i), caller(&n.shard((i + 1) % 3), remote.get(), witness));
        spawn(n.shard(i), syncer(&n.shard(i), witness));
      }
      return remote;
    });
    for (int life = 0; life < 3; ++life) {
      node.start();
      world.run_for(std::chrono::microseconds(seed * 173));
      EXPECT_GT(witness.use_count(), 9);
      node.crash(life == 1 ? Crash::kKill : Crash::kPowerLoss);
      EXPECT_EQ(witness.use_count(), 1);
    }
  }
}

Task<> count_ticks(const Shard* shard, int* ticks) {
  for (;;) {
    co_await shard->clock.sleep_for(10ms);
    ++*ticks;
  }
}

TEST(Simulation, AProcessThatIsStoppedGoesOnWhereItWas) {
  World world(3);
  int ticks = 0;
  Node& node = world.add_node("n", 1, [&](Node& n) {
    spawn(n.shard(0), count_ticks(&n.shard(0), &ticks));
    return nullptr;
  });
  node.start();
  world.run_for(105ms);
  EXPECT_EQ(ticks, 10);
  node.stall();
  int came = 0;
  node.shard(0).post([&] { ++came; });
  world.run_for(1s);
  EXPECT_EQ(ticks, 10);
  EXPECT_EQ(came, 0);
  node.resume();
  world.run_for(4ms);
  EXPECT_EQ(came, 1);
  EXPECT_EQ(ticks, 11) << "the sleep was over long ago, and only one was begun";
  node.stall();
  node.crash(Crash::kKill);
  node.start();
  world.run_for(105ms);
  EXPECT_EQ(ticks, 21);
}

TEST(SimClock, DriftsButNeverCallsEarly) {
  World world(7);
  Node& node = world.add_node("n", 1, [](Node&) { return nullptr; });
  node.clock_faults = {.drift_ppm = 20'000, .wall_offset = Millis(-5000)};
  node.start();
  const auto slept = world.run(node, [](const Shard* shard) -> Task<Instant> {
    const Instant before = shard->clock.now();
    co_await shard->clock.sleep_for(10s);
    co_return shard->clock.now() - before;
  }(&node.shard(0)));
  EXPECT_GE(*slept, Instant(10s));
  EXPECT_LT(*slept, Instant(10s) + 1us);
  EXPECT_LT(world.now(), Instant(9900ms));
  EXPECT_GT(world.now(), Instant(9700ms));
}

TEST(SimClock, TheDateJumpsAndTimersDoNotCare) {
  World world(7);
  Node& node = world.add_node("n", 2, [](Node&) { return nullptr; });
  node.start();
  const Instant now = node.shard(1).clock.now();
  const Timestamp wall = node.shard(1).clock.wall();
  node.jump_wall(Millis(-90'000));
  EXPECT_EQ(node.shard(1).clock.wall(), wall - 90'000);
  EXPECT_EQ(node.shard(1).clock.now(), now);
}

}  // namespace
}  // namespace thalweg::sim
