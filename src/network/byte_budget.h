// How many bytes of requests a shard may hold at once. A connection that waits here does not read: backpressure reaches
// the client through TCP. Owner: the shard.
#pragma once

#include <cstdint>
#include <deque>

#include "runtime/task.h"

namespace thalweg::network {

class ByteBudget {
 public:
  explicit ByteBudget(std::size_t total) : available_(static_cast<std::int64_t>(total)) {}

  // Waits, first come first served, until something is left. Takes nothing.
  Task<> wait_turn() {
    if (available_ > 0 && waiting_.empty()) co_return;
    OneShot<bool> granted;
    waiting_.push_back(granted);
    co_await granted.wait();
  }
  // Takes without waiting, and more than what is left if need be: what has had its turn is finished, and a request
  // larger than the whole budget is served alone instead of never.
  void take(std::size_t bytes) { available_ -= static_cast<std::int64_t>(bytes); }
  void release(std::size_t bytes) {
    available_ += static_cast<std::int64_t>(bytes);
    while (available_ > 0 && !waiting_.empty()) {
      waiting_.front().set(true);
      waiting_.pop_front();
    }
  }

 private:
  std::int64_t available_;
  std::deque<OneShot<bool>> waiting_;
};

}  // namespace thalweg::network
