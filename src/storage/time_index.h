// The .timeindex of a segment: (timestamp i64, offset relative to the base i32), timestamps strictly rising; the last
// entry is the largest timestamp of the segment and, as Kafka has it, the last offset of the batch that carries it.
// Owner: the log's shard.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "storage/rising_index.h"

namespace thalweg::storage {

struct TimestampOffset {
  Timestamp timestamp = kNoTimestamp;
  Offset offset = kNoOffset;
  friend auto operator<=>(const TimestampOffset&, const TimestampOffset&) = default;

  static constexpr std::size_t kSize = 12;
  static TimestampOffset none(Offset base) { return {kNoTimestamp, base}; }
  static TimestampOffset zeros(Offset base) { return {0, base}; }
  static TimestampOffset decode(const std::byte* entry, Offset base);
  void encode(std::byte* entry, Offset base) const;
};

class TimeIndex : public RisingIndex<TimestampOffset> {
 public:
  using RisingIndex::RisingIndex;

  // Ignored unless the timestamp is larger than the last one and the offset not smaller.
  void append(Timestamp timestamp, Offset offset);
  // The entry with the largest timestamp <= target; (kNoTimestamp, base) if there is none.
  Result<TimestampOffset> lookup(Timestamp target) const;
  // The last entry with offset <= target; (kNoTimestamp, base) if there is none.
  Result<TimestampOffset> lookup_offset(Offset target) const;
};

}  // namespace thalweg::storage
