// Big-endian integers in memory, as the wire and the log have them.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace thalweg {

template <std::integral T>
T load_be(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}
template <std::integral T>
void store_be(std::byte* to, T value) {
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace thalweg
