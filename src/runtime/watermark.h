// An offset that only grows and that coroutines can wait for: the log's durable end, the high watermark.
// Owner: one shard (the partition's); not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/types.h"
#include "runtime/clock.h"
#include "runtime/task.h"

namespace thalweg {

class Watermark {
 public:
  explicit Watermark(Clock& clock, Offset start = Offset{0}) : clock_(clock), value_(start) {}
  Watermark(const Watermark&) = delete;

  Offset value() const { return value_; }

  // Raises the watermark and wakes every waiter at or below `to`. Lower or equal values change nothing.
  void advance(Offset to);
  // Starts again at `to`, lower or higher, after a truncation or a change of leader. Waiters stay and are judged anew.
  void reset(Offset to);
  // Wakes everybody with the answer "not reached": the role or the log is gone. Later waits are answered false at once
  // until reopen().
  void fail();
  void reopen() { failed_ = false; }

  // True once value() >= target; false at the deadline or after fail().
  Task<bool> reached(Offset target, Instant deadline);

  // Calls `listener` once, as soon as value() > seen or after fail(); at once (inside this call) if that is so already.
  // Destroying the handle takes the listener away. For those who wait on many watermarks (Fetch).
  class Registration;
  [[nodiscard]] std::unique_ptr<Registration> once_above(Offset seen, std::move_only_function<void()> listener);

 private:
  struct Waiter {
    std::move_only_function<void()> listener;
    bool called = false;  // then it is no longer in the map
    void wake() {
      called = true;
      listener();
    }
  };
  using Waiters = std::multimap<Offset, std::shared_ptr<Waiter>>;  // key: the value that wakes
  void wake_reached();

  Clock& clock_;
  Offset value_;
  bool failed_ = false;
  std::shared_ptr<Waiters> waiters_;  // nothing before somebody waits: there are many watermarks of which nobody does
};

class Watermark::Registration {
 public:
  Registration() = default;
  Registration(std::weak_ptr<Waiters> waiters, Waiters::iterator at, std::weak_ptr<Waiter> waiter)
      : waiters_(std::move(waiters)), at_(at), waiter_(std::move(waiter)) {}
  ~Registration();
  Registration(const Registration&) = delete;

 private:
  std::weak_ptr<Waiters> waiters_;
  Waiters::iterator at_{};
  std::weak_ptr<Waiter> waiter_;
};

}  // namespace thalweg
