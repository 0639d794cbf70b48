// The hashes that clients and brokers must agree on bit by bit.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/bytes.h"
#include "base/murmur2.h"
#include "base/types.h"

namespace thalweg::record {

// Java's String.hashCode of the text: s * 31 + unit over its UTF-16 units, wrapping. Bytes that are not UTF-8 count as
// U+FFFD.
std::int32_t java_string_hash(std::string_view utf8);

// Absolute value, and 0 for the one number that has none. Not the same as clearing the sign bit.
constexpr std::int32_t java_abs(std::int32_t n) {
  if (n == std::numeric_limits<std::int32_t>::min()) return 0;
  return n < 0 ? -n : n;
}

// Which partition of __consumer_offsets, __transaction_state or __share_group_state a key lives in. REQUIRES:
// partitions > 0
inline PartitionId coordinator_partition(std::string_view key, std::int32_t partitions) {
  return {java_abs(java_string_hash(key)) % partitions};
}

// The partition that Java's default partitioner takes for a key. REQUIRES: partitions > 0
inline PartitionId partition_for_key(BytesView key, std::int32_t partitions) {
  return {(murmur2(key) & 0x7fffffff) % partitions};
}

}  // namespace thalweg::record
