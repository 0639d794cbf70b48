#include "dispatch/backoff.h"

#include <algorithm>
#include <cmath>

namespace thalweg::dispatch {
namespace {

// splitmix64: neighbouring seeds give unrelated numbers.
double unit_of(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

}  // namespace

Nanos Backoff::after(int attempt, std::uint64_t seed) const {
  const double n = std::max(attempt, 1);
  const double grown = static_cast<double>(first.count()) * (linear ? n : std::pow(factor, n - 1));
  const double bounded = std::clamp(grown, 0.0, static_cast<double>(most.count()));
  const double spread =
      1 + std::clamp(jitter, 0.0, 1.0) * (2 * unit_of(seed * 31 + static_cast<std::uint64_t>(attempt)) - 1);
  return Nanos(static_cast<std::int64_t>(std::min(bounded * spread, 9e18)));
}

}  // namespace thalweg::dispatch
