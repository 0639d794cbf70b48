// Something ends, and whoever waits for anything else hears of it: given once, never taken back.
// Owner: one shard; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "runtime/clock.h"
#include "runtime/task.h"

namespace thalweg {

class StopSignal {
 public:
  StopSignal() = default;
  StopSignal(const StopSignal&) = delete;

  bool given() const { return listeners_->given; }
  // Calls everybody who listens. Idempotent.
  void give();

  // Calls `listener` once, at give(); at once (inside this call) if that was before. Destroying the handle takes the
  // listener away.
  class Registration;
  [[nodiscard]] std::unique_ptr<Registration> once_given(std::function<void()> listener);
  // True at `when`; false as soon as the signal is given.
  Task<bool> sleep_until(Clock& clock, Instant when);

 private:
  struct Listeners {
    bool given = false;
    std::uint64_t last_id = 0;
    std::map<std::uint64_t, std::function<void()>> all;
  };
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

class StopSignal::Registration {
 public:
  Registration(std::weak_ptr<Listeners> listeners, std::uint64_t id) : listeners_(std::move(listeners)), id_(id) {}
  ~Registration();
  Registration(const Registration&) = delete;

 private:
  std::weak_ptr<Listeners> listeners_;
  std::uint64_t id_;
};

}  // namespace thalweg
