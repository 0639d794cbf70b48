#include "storage/time_index.h"

#include "base/endian.h"

namespace thalweg::storage {

TimestampOffset TimestampOffset::decode(const std::byte* entry, Offset base) {
  return {load_be<std::int64_t>(entry), base + load_be<std::int32_t>(entry + 8)};
}

void TimestampOffset::encode(std::byte* entry, Offset base) const {
  store_be(entry, timestamp);
  store_be(entry + 8, static_cast<std::int32_t>(offset - base));
}

void TimeIndex::append(Timestamp timestamp, Offset offset) {
  if (timestamp < 0 || (last() && (timestamp <= last()->timestamp || offset < last()->offset))) return;
  RisingIndex::append({timestamp, offset});
}

Result<TimestampOffset> TimeIndex::lookup(Timestamp target) const {
  return last_that([&](const TimestampOffset& entry) { return entry.timestamp <= target; });
}

Result<TimestampOffset> TimeIndex::lookup_offset(Offset target) const {
  return last_that([&](const TimestampOffset& entry) { return entry.offset <= target; });
}

}  // namespace thalweg::storage
