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

  // Waits, first come first served, until something is left, then takes `bytes`, which may be more than what is left:
  // so a request larger than the whole budget is served alone instead of never.
  Task<> acquire(std::size_t bytes) {
    if (available_ > 0 && waiting_.empty()) {
      available_ -= static_cast<std::int64_t>(bytes);
      co_return;
    }
    OneShot<bool> granted;
    waiting_.push_back({bytes, granted});
    co_await granted.wait();
  }
  void release(std::size_t bytes) {
    available_ += static_cast<std::int64_t>(bytes);
    while (available_ > 0 && !waiting_.empty()) {
      available_ -= static_cast<std::int64_t>(waiting_.front().bytes);
      waiting_.front().granted.set(true);
      waiting_.pop_front();
    }
  }
  std::int64_t available() const { return available_; }

 private:
  struct Waiter {
    std::size_t bytes;
    OneShot<bool> granted;
  };
  std::int64_t available_;
  std::deque<Waiter> waiting_;
};

}  // namespace thalweg::network
