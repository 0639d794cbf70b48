// Protocol Buffers style variable-length integers: 7 bits a byte, low group first, high bit set on all but the last.
// Signed ones are zigzag encoded first, as records have them; unsigned ones are what compact types and tags use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace thalweg {

inline constexpr std::size_t kMaxVarint32 = 5, kMaxVarint64 = 10;

struct Varint {
  std::uint64_t value;
  std::size_t size;  // bytes used
};

// Nothing if the bytes end inside the number or it is longer than max_bytes.
inline std::optional<Varint> read_varint(BytesView from, std::size_t max_bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < from.size() && i < max_bytes; ++i) {
    const auto b = std::to_integer<std::uint64_t>(from[i]);
    value |= (b & 0x7f) << (7 * i);
    if (b < 0x80) return Varint{value, i + 1};
  }
  return std::nullopt;
}
// Writes to `to`, which has room for kMaxVarint64 bytes; gives the number of bytes written.
inline std::size_t write_varint(std::byte* to, std::uint64_t value) {
  std::size_t n = 0;
  for (; value >= 0x80; value >>= 7) to[n++] = static_cast<std::byte>(value | 0x80);
  to[n++] = static_cast<std::byte>(value);
  return n;
}
constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t n = 1;
  for (; value >= 0x80; value >>= 7) ++n;
  return n;
}
constexpr std::uint64_t zigzag(std::int64_t v) {
  return static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

}  // namespace thalweg
