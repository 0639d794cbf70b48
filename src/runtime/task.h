// Coroutines: the only header through which modules other than platform see Boost.Asio.
//
// Task<T> runs on its caller's executor and ends there too. A lambda that is a coroutine must not capture; a coroutine
// that outlives its caller takes values, not references.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/result.h"
#include "base/time.h"

namespace thalweg {

template <class T = void>
using Task = boost::asio::awaitable<T>;
using Executor = boost::asio::any_io_executor;

// Starts a coroutine that nobody waits for. An exception out of it ends the process: it is our bug.
void spawn(const Executor& executor, Task<> task);

// One coroutine parks, anything on the same shard resumes it. Used by the primitives below; prefer those.
// Owner: one shard; not thread-safe. resume() is idempotent and only queues the coroutine, it never runs it inline.
// A coroutine that is still parked when its execution context shuts down is destroyed without running on.
class Parking {
 public:
  Parking() = default;
  Parking(const Parking&) = delete;
  ~Parking() { unlink(); }
  Task<> park();
  void resume();
  bool parked() const { return static_cast<bool>(resume_); }

 private:
  friend class ParkingLot;
  void unlink();

  std::move_only_function<void()> resume_;
  // Ring of all that are parked in one execution context; null when not parked.
  Parking* next_ = nullptr;
  Parking* previous_ = nullptr;
};

// A value that arrives once. wait() may be called once, before or after set(). Owner: one shard, also for set().
// Copies share the same slot, so the one who sets may outlive the one who waits, and the other way round.
template <class T>
class OneShot {
 public:
  bool is_set() const { return state_->value.has_value(); }
  // A second set() is ignored: the first answer wins.
  void set(T value) const {
    if (state_->value) return;
    state_->value.emplace(std::move(value));
    state_->parking.resume();
  }
  Task<T> wait() const {
    auto state = state_;  // the coroutine keeps it, whatever becomes of *this
    if (!state->value) co_await state->parking.park();
    co_return std::move(*state->value);
  }

 private:
  struct State {
    std::optional<T> value;
    Parking parking;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace thalweg
