// Time as three different things that must not be mixed.
#pragma once

#include <chrono>
#include <cstdint>

namespace thalweg {

// Monotonic time since an arbitrary start; for deadlines and timeouts. Never leaves the process.
using Instant = std::chrono::nanoseconds;
using Millis = std::chrono::duration<std::int64_t, std::milli>;
// Milliseconds since 1970-01-01 UTC, as records carry them; -1 means none.
using Timestamp = std::int64_t;
inline constexpr Timestamp kNoTimestamp = -1;

}  // namespace thalweg
