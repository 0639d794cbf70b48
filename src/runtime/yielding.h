// For loops whose length somebody else chose: a shard that works on must let others in.
//
//   Pace pace(1000);
//   for (const auto& item : items) {
//     if (pace.due()) co_await give_way();
//     …
//   }
#pragma once

#include <boost/asio/post.hpp>
#include <cstddef>

#include "runtime/task.h"

namespace thalweg {

// Goes to the end of the shard's queue: all that is ready now runs first. What was looked up before may have changed.
inline Task<> give_way() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
}

// Counts work in steps, each much shorter than a millisecond; due when as many as `steps` have been done since the last
// time. Counted and not timed, so that a simulation does the same each time.
class Pace {
 public:
  explicit Pace(std::size_t steps) : steps_(steps) {}
  bool due(std::size_t done = 1) {
    done_ += done;
    if (done_ < steps_) return false;
    done_ = 0;
    return true;
  }

 private:
  const std::size_t steps_;
  std::size_t done_ = 0;
};

// For work that is counted in bytes: a few milliseconds of reading and CRCs, of the headers of small batches, or of the
// slowest codec.
inline constexpr std::size_t kBytesAtOnce = std::size_t{2} << 20;

}  // namespace thalweg
