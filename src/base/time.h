// Time as three different things that must not be mixed.
#pragma once

#include <chrono>
#include <cstdint>

namespace thalweg {

// Monotonic time since an arbitrary start; for deadlines and timeouts. Never leaves the process. Instant::max() is
// never.
using Instant = std::chrono::nanoseconds;
using Millis = std::chrono::duration<std::int64_t, std::milli>;
// Milliseconds since 1970-01-01 UTC, as records carry them; -1 means none.
using Timestamp = std::int64_t;
inline constexpr Timestamp kNoTimestamp = -1;

// A span in nanoseconds. The standard's own conversion overflows for more than 292 years, and options may ask for 292
// million: such a span becomes the longest one there is, in either direction.
template <class Period>
constexpr Instant to_instant(std::chrono::duration<std::int64_t, Period> span) {
  using Span = std::chrono::duration<std::int64_t, Period>;
  constexpr Span kLongest = std::chrono::duration_cast<Span>(Instant::max());
  if (span > kLongest) return Instant::max();
  if (span < -kLongest) return Instant::min();
  return span;
}

// The moment `span` after `now`; never, if that is beyond what can be told.
template <class Period>
constexpr Instant later(Instant now, std::chrono::duration<std::int64_t, Period> span) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(now.count(), to_instant(span).count(), &sum)) return Instant(sum);
  return span.count() > 0 ? Instant::max() : Instant::min();
}

}  // namespace thalweg
