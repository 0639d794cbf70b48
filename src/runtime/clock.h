// The clock of one shard. Simulated time moves only when every shard is idle.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "runtime/task.h"

namespace thalweg {

class Clock {
 public:
  // Destroying the handle cancels the call if it has not begun.
  class Timer {
   public:
    virtual ~Timer() = default;
  };

  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // Milliseconds since 1970 UTC; may jump. Only for what is stored or shown.
  virtual Timestamp wall() const = 0;
  // Calls on this clock's shard, never before it returns. Owner: the shard.
  virtual std::unique_ptr<Timer> call_at(Instant when, std::move_only_function<void()> call) = 0;

  Task<> sleep_until(Instant when);
  // Ever, when the span is too long to be told.
  template <class Period>
  Task<> sleep_for(std::chrono::duration<std::int64_t, Period> span) {
    return sleep_until(later(now(), span));
  }
};

}  // namespace thalweg
