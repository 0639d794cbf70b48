#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/random.h"

namespace thalweg::platform {

// The kernel's generator, a block at a time. Owner: one shard.
class OsRandom : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> block_{};
  std::size_t left_ = 0;
};

}  // namespace thalweg::platform
