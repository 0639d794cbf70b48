// The .index of a segment: (offset relative to the base i32, position i32) about every index.interval.bytes, both
// rising. Owner: the log's shard.
#pragma once

#include <cstdint>

#include "storage/rising_index.h"

namespace thalweg::storage {

struct OffsetPosition {
  Offset offset;
  std::uint32_t position = 0;
  friend auto operator<=>(const OffsetPosition&, const OffsetPosition&) = default;

  static constexpr std::size_t kSize = 8;
  static OffsetPosition none(Offset base) { return {base, 0}; }
  static OffsetPosition zeros(Offset base) { return {base, 0}; }
  static OffsetPosition decode(const std::byte* entry, Offset base);
  void encode(std::byte* entry, Offset base) const;
};

class OffsetIndex : public RisingIndex<OffsetPosition> {
 public:
  using RisingIndex::RisingIndex;

  // Offsets and positions rise; others are ignored (a batch without a new offset needs no entry).
  void append(Offset offset, std::uint32_t position);
  // The entry with the largest offset <= target; (base, 0) if there is none.
  Result<OffsetPosition> lookup(Offset target) const;
  // The entry with the largest position <= target; (base, 0) if there is none.
  Result<OffsetPosition> lookup_position(std::uint64_t target) const;
};

}  // namespace thalweg::storage
