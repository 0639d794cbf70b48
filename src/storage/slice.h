// Long work on a shard that others need as well: after so many bytes it gives way.
//
//   Slice slice;
//   while (...) {
//     work(bytes);
//     if (slice.spent(bytes)) co_await Slice::give_way();
//   }
#pragma once

#include <cstddef>

#include "runtime/task.h"

namespace thalweg::storage {

class Slice {
 public:
  // A few milliseconds of reading and CRCs, or of walking headers of small batches.
  static constexpr std::size_t kBytes = 2 << 20;

  // True when it is the others' turn.
  bool spent(std::size_t bytes) {
    if (bytes < left_) {
      left_ -= bytes;
      return false;
    }
    left_ = kBytes;
    return true;
  }
  // Lets run what waits on this shard.
  static Task<> give_way() { co_await boost::asio::post(boost::asio::use_awaitable); }

 private:
  std::size_t left_ = kBytes;
};

}  // namespace thalweg::storage
