#pragma once

#include <cstdint>

namespace thalweg {

// Uniform 64-bit numbers: from the kernel in production, from the seed in simulation.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace thalweg
