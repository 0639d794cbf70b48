// A value that takes a while to make, and is made anew when somebody asks for it and it is old. Those who ask at once
// share one; nobody waits for it longer than `patience` as long as there is one from before.
//
// Owner: one shard.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "runtime/shard.h"

namespace thalweg::console {

template <class T>
class Refreshed {
 public:
  using Ptr = std::shared_ptr<const T>;
  struct Times {
    Instant fresh;     // for so long after it was begun it is not made again
    Instant patience;  // whoever has waited for so long gets the one before
  };

  // `make` gives the next one, never null; one at a time.
  Refreshed(const Shard& shard, Times times, std::function<Task<Ptr>()> make)
      : shard_(shard), times_(times), make_(std::move(make)) {}
  Refreshed(const Refreshed&) = delete;

  // Null before the first one.
  const Ptr& last() const { return last_; }
  Task<Ptr> get() {
    const Instant now = shard_.clock.now();
    if (last_ && (now - begun_ < times_.fresh || stopping_)) co_return last_;
    if (!std::exchange(making_, true)) spawn(shard_, make_one());
    const OneShot<bool> over;
    waiting_.push_back(over);
    std::unique_ptr<Clock::Timer> timer;
    if (last_) timer = shard_.clock.call_at(later(now, times_.patience), [over] { over.set(true); });
    co_await over.wait();
    co_return last_;
  }
  // Returns when none is being made; from then on the last one stays. Nobody who asked is left in the middle.
  Task<> stop() {
    stopping_ = true;
    if (!making_) co_return;
    const OneShot<bool> over;
    waiting_.push_back(over);
    co_await over.wait();
  }

 private:
  Task<> make_one() {
    const Instant begun = shard_.clock.now();
    last_ = co_await make_();
    begun_ = begun;
    making_ = false;
    for (const auto& over : std::exchange(waiting_, {})) over.set(true);
  }

  const Shard& shard_;
  const Times times_;
  const std::function<Task<Ptr>()> make_;
  Ptr last_;
  Instant begun_{};
  bool making_ = false, stopping_ = false;
  std::vector<OneShot<bool>> waiting_;  // until it is made; some have gone on already
};

}  // namespace thalweg::console
