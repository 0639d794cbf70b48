// The schedule: who runs next, and what time it is. Everything random in a run comes from its seed.
//
// Tasks are FIFO inside a lane (a shard of a node) and in seeded order between lanes, which is exactly the freedom that
// production has. Events happen outside of any lane at their time; time moves only when every lane is empty.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "runtime/task.h"

namespace thalweg::sim {

inline constexpr Timestamp kStartOfTime = 1'767'225'600'000;  // 2026-01-01

using Function = std::move_only_function<void()>;

// The tasks of one shard that are ready to run.
struct Lane {
  std::uint64_t id = 0;
  std::deque<Function> tasks;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : seed_(seed), random_(seed) {}
  Simulation(const Simulation&) = delete;

  std::uint64_t seed() const { return seed_; }
  Instant now() const { return now_; }
  // The true date, which a node's clock may have wrong.
  Timestamp date() const { return kStartOfTime + std::chrono::duration_cast<Millis>(now_).count(); }

  std::uint64_t random() { return random_(); }
  // In [0, n). REQUIRES: n > 0
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  // In [min, max].
  Instant between(Instant min, Instant max);
  // 0 means never.
  bool one_in(std::uint64_t n) { return n > 0 && below(n) == 0; }

  using EventId = std::pair<Instant, std::uint64_t>;
  // Happens once all lanes are empty at that time; among equals in the order of these calls.
  EventId at(Instant when, Function event);
  void cancel(EventId id) { events_.erase(id); }
  // The coroutine goes on after the time has passed.
  Task<> wait(Instant duration);

  // One task or one event. False when there is nothing left to do.
  bool step();
  // Steps until `done`, or until nothing is left or the time is up. Gives done().
  bool run_until(const std::function<bool()>& done, Instant limit);
  void run_for(Instant duration);

  std::uint64_t steps() const { return steps_; }
  // A hash of every scheduling decision: equal for equal runs.
  std::uint64_t trace() const { return trace_; }

 private:
  friend class Life;
  void make_runnable(Lane& lane) { runnable_.push_back(&lane); }
  void forget(Lane& lane) { std::erase(runnable_, &lane); }
  void note(std::uint64_t what);

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  Instant now_{0};
  std::uint64_t steps_ = 0, trace_ = 0xcbf29ce484222325ULL;
  std::uint64_t sequence_ = 0, last_lane_ = 0;
  std::vector<Lane*> runnable_;  // those with tasks, in the order they became so
  std::map<EventId, Function> events_;
};

// One incarnation of a node: its executors and all that is suspended on them.
class Life : public boost::asio::execution_context {
 public:
  Life(Simulation& simulation, unsigned shards);
  ~Life() { end(); }

  Executor executor(unsigned shard);
  bool ended() const { return ended_; }
  // Destroys everything that is queued or suspended; nothing of it runs on, and what its destructors post is destroyed
  // too. Idempotent. REQUIRES: not called from a task of this life.
  void end();
  // Nothing of it runs until resume(); what comes meanwhile waits in its order.
  void stall();
  void resume();

  void post(unsigned shard, Function task);

 private:
  void drop_all();

  Simulation& simulation_;
  std::deque<Lane> lanes_;
  bool ended_ = false;
  bool stalled_ = false;
  bool dropping_ = false;
  std::deque<Function> dropped_;
};

}  // namespace thalweg::sim
