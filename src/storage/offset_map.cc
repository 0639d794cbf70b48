#include "storage/offset_map.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace thalweg::storage {

OffsetMap::OffsetMap(std::size_t bytes_max, double load_factor, HashSecret secret)
    : load_factor_(std::clamp(load_factor, 0.01, 0.99)),
      secret_(secret),
      slots_max_(std::max<std::size_t>(bytes_max / kBytesPerKey, 2)),
      slots_(std::min(slots_max_, kChunkSlots)),
      chunks_((slots_ + kChunkSlots - 1) / kChunkSlots) {}

// One slot stays free, where every search ends.
std::size_t OffsetMap::room() const {
  const auto wanted = static_cast<std::size_t>(static_cast<double>(slots_) * load_factor_);
  return std::clamp<std::size_t>(wanted, 1, slots_ - 1);
}

// In the order of the hashes, so that growing moves entries from front to back.
std::size_t OffsetMap::slot_of(const KeyHash& hash) const {
  return static_cast<std::size_t>(static_cast<unsigned __int128>(hash.first) * slots_ >> 64);
}

OffsetMap::Entry& OffsetMap::entry_at(std::size_t slot) {
  auto& chunk = chunks_[slot / kChunkSlots];
  if (!chunk) {
    chunk = std::make_unique<Entry[]>(kChunkSlots);
    ++chunks_allocated_;
  }
  return chunk[slot % kChunkSlots];
}

const OffsetMap::Entry* OffsetMap::find(std::size_t slot) const {
  const auto& chunk = chunks_[slot / kChunkSlots];
  return chunk ? &chunk[slot % kChunkSlots] : nullptr;
}

// Where it is, or the free slot where it belongs.
OffsetMap::Entry& OffsetMap::place_of(const KeyHash& hash) {
  std::size_t slot = slot_of(hash);
  while (true) {
    Entry& entry = entry_at(slot);
    if (entry.offset_and_one == 0 || entry.hash == hash) return entry;
    slot = slot + 1 == slots_ ? 0 : slot + 1;
  }
}

bool OffsetMap::put(BytesView key, Offset offset) {
  CHECK(!is_growing() && offset.value >= 0);
  const KeyHash hash = hash_of(key, secret_);
  Entry& entry = place_of(hash);
  if (entry.offset_and_one == 0) {
    if (size_ >= room()) return false;
    entry.hash = hash;
    ++size_;
  }
  entry.offset_and_one = std::max(entry.offset_and_one, offset.value + 1);
  update_latest_offset(offset);
  return true;
}

Offset OffsetMap::get(BytesView key) const {
  CHECK(!is_growing());
  const KeyHash hash = hash_of(key, secret_);
  std::size_t slot = slot_of(hash);
  while (true) {
    const Entry* entry = find(slot);
    if (!entry || entry->offset_and_one == 0) return kNoOffset;
    if (entry->hash == hash) return Offset{entry->offset_and_one - 1};
    slot = slot + 1 == slots_ ? 0 : slot + 1;
  }
}

void OffsetMap::begin_growth() {
  CHECK(!is_growing() && can_grow());
  slots_ = std::min(slots_ * 2, slots_max_);
  old_ = std::exchange(chunks_, Chunks((slots_ + kChunkSlots - 1) / kChunkSlots));
  moved_ = 0;
}

void OffsetMap::grow_some(std::size_t slots) {
  CHECK(is_growing());
  const std::size_t until = moved_ + slots / kChunkSlots + 1;
  for (; moved_ < std::min(until, old_.size()); ++moved_) {
    const auto chunk = std::move(old_[moved_]);
    if (!chunk) continue;
    for (std::size_t i = 0; i < kChunkSlots; ++i)
      if (chunk[i].offset_and_one != 0) place_of(chunk[i].hash) = chunk[i];
    --chunks_allocated_;
  }
  if (moved_ == old_.size()) old_.clear();
}

}  // namespace thalweg::storage
