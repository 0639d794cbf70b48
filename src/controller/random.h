// Choices of a machine: a stream of numbers that follows from the seed alone (splitmix64).
#pragma once

#include <cstdint>

#include "base/uuid.h"

namespace thalweg::controller {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  // In [0, bound). REQUIRES: bound > 0. The bias is below 2^-32 for the small bounds that we have.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  Uuid uuid() {
    const auto high = next();
    return Uuid::from_random(high, next());
  }

 private:
  std::uint64_t state_;
};

}  // namespace thalweg::controller
