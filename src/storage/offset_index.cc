#include "storage/offset_index.h"

#include "base/endian.h"

namespace thalweg::storage {

OffsetPosition OffsetPosition::decode(const std::byte* entry, Offset base) {
  return {base + load_be<std::int32_t>(entry), load_be<std::uint32_t>(entry + 4)};
}

void OffsetPosition::encode(std::byte* entry, Offset base) const {
  store_be(entry, static_cast<std::int32_t>(offset - base));
  store_be(entry + 4, position);
}

void OffsetIndex::append(Offset offset, std::uint32_t position) {
  if (last() && (offset <= last()->offset || position <= last()->position)) return;
  RisingIndex::append({offset, position});
}

Result<OffsetPosition> OffsetIndex::lookup(Offset target) const {
  return last_that([&](const OffsetPosition& entry) { return entry.offset <= target; });
}

Result<OffsetPosition> OffsetIndex::lookup_position(std::uint64_t target) const {
  return last_that([&](const OffsetPosition& entry) { return entry.position <= target; });
}

}  // namespace thalweg::storage
