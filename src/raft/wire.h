// Big-endian integers to and from byte vectors, for the quorum's own files.
#pragma once

#include <concepts>
#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"

namespace thalweg::raft {

template <std::unsigned_integral T>
void put(std::vector<std::byte>& to, T value) {
  to.resize(to.size() + sizeof(T));
  store_be(to.data() + to.size() - sizeof(T), value);
}
inline void put(std::vector<std::byte>& to, BytesView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Takes it from the front; false, and nothing taken, when there are too few bytes.
template <std::unsigned_integral T>
bool take(BytesView& from, T& value) {
  if (from.size() < sizeof(T)) return false;
  value = load_be<T>(from.data());
  from = from.subspan(sizeof(T));
  return true;
}

}  // namespace thalweg::raft
