// Which windows a time is in, as numbers: milliseconds since 1970. (TimeWindows.windowsFor)
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "thalweg/streams/types.h"

namespace thalweg::streams::detail {

template <class K>
inline constexpr bool kIsWindowed = false;
template <class K>
inline constexpr bool kIsWindowed<Windowed<K>> = true;

// The starts of the windows that hold `time`: first, first + advance, ... up to last. REQUIRES: time >= 0
struct WindowStarts {
  std::int64_t first, last;
  bool operator==(const WindowStarts&) const = default;
};
inline WindowStarts window_starts(const TimeWindows& windows, std::int64_t time) {
  const std::int64_t size = windows.size.count(), advance = windows.advance.count();
  return {std::max<std::int64_t>(0, time - size + advance) / advance * advance, time / advance * advance};
}

// Of times as far as they go.
inline std::int64_t later(std::int64_t time, std::int64_t by) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return time > most - by ? most : time + by;
}

}  // namespace thalweg::streams::detail
