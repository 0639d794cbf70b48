// Work on many partitions is handed to a shard in slices, so that nobody waits for all of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace thalweg::broker {

// Partitions whose reads or appends are done in one go: a few milliseconds when each takes some ten microseconds.
inline constexpr std::size_t kPartitionsAtOnce = 250;

// The same items in the same order, at most `size` to a slice.
template <class T>
std::vector<std::vector<T>> slices(std::vector<T> items, std::size_t size) {
  std::vector<std::vector<T>> all;
  if (items.size() <= size) {  // the common case moves nothing
    all.push_back(std::move(items));
    return all;
  }
  for (auto from = items.begin(); from != items.end();) {
    const auto count = std::min<std::ptrdiff_t>(std::ptrdiff_t(size), items.end() - from);
    all.emplace_back(std::make_move_iterator(from), std::make_move_iterator(from + count));
    from += count;
  }
  return all;
}

}  // namespace thalweg::broker
