#include "base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <climits>

namespace thalweg {

std::uint32_t crc32c(BytesView bytes, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  while (!bytes.empty()) {  // isa-l takes an int for the length
    const std::size_t n = std::min<std::size_t>(bytes.size(), INT_MAX);
    // isa-l reads only, but its signature lacks the const.
    crc = crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data())), static_cast<int>(n), crc);
    bytes = bytes.subspan(n);
  }
  return ~crc;
}

}  // namespace thalweg
