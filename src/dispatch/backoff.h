// How long a failed record waits before it is tried again.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace thalweg::dispatch {

using Nanos = std::chrono::nanoseconds;

// After attempt n (1, 2, ...): linear first * n, or first * factor^(n-1); never more than `most`, then spread by
// +-`jitter` (0 to 1). There is no entropy down here: the spread comes from `seed`, the same for the same record and
// attempt.
struct Backoff {
  Nanos first{std::chrono::seconds(1)};
  Nanos most{std::chrono::minutes(1)};
  double factor = 1;
  bool linear = true;
  double jitter = 0.1;

  Nanos after(int attempt, std::uint64_t seed) const;
};

}  // namespace thalweg::dispatch
