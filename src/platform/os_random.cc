#include "platform/os_random.h"

#include <sys/random.h>

#include "base/check.h"

namespace thalweg::platform {

std::uint64_t OsRandom::next() {
  if (left_ == 0) {
    // Up to 256 bytes come whole and are never interrupted once the kernel's pool is ready.
    CHECK(::getrandom(block_.data(), sizeof block_, 0) == static_cast<ssize_t>(sizeof block_));
    left_ = block_.size();
  }
  return block_[--left_];
}

}  // namespace thalweg::platform
