// The newest offset of each key, in 24 bytes a key: Kafka's SkimpyOffsetMap. Holds hashes instead of keys (key_hash.h),
// open addressing, linear probing.
//
// Memory follows the keys: the table doubles when it is full, up to `bytes_max`. Growing goes over all entries, so it
// is done in steps, between which the map cannot be used; what was moved is freed as it goes, and both tables together
// stay within `bytes_max` and a chunk.
//
// Pure; owned by one pass of the cleaner.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/types.h"
#include "storage/key_hash.h"

namespace thalweg::storage {

class OffsetMap {
 public:
  static constexpr std::size_t kBytesPerKey = 24;

  // How many keys fit: bytes_max / kBytesPerKey, of which `load_factor` (0 to 1) may be taken; one at least.
  OffsetMap(std::size_t bytes_max, double load_factor, HashSecret secret);

  // False: there is no room for another key; grow, if can_grow(). REQUIRES: !is_growing(), offset >= 0
  bool put(BytesView key, Offset offset);
  // kNoOffset: the key was not put. REQUIRES: !is_growing()
  Offset get(BytesView key) const;

  bool can_grow() const { return slots_ < slots_max_; }
  // REQUIRES: can_grow()
  void begin_growth();
  bool is_growing() const { return !old_.empty(); }
  // Moves what lies in about so many slots. REQUIRES: is_growing()
  void grow_some(std::size_t slots);

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return chunks_allocated_ * kChunkSlots * sizeof(Entry); }
  // How much of what it may take is taken, 0 to 1.
  double utilization() const { return static_cast<double>(size_) / static_cast<double>(slots_max_); }
  // Everything that is not above this is in the map, by its key.
  Offset latest_offset() const { return latest_; }
  void update_latest_offset(Offset offset) { latest_ = std::max(latest_, offset); }

 private:
  struct Entry {
    KeyHash hash;
    std::int64_t offset_and_one = 0;  // 0: nothing is here
  };
  static_assert(sizeof(Entry) == kBytesPerKey);
  static constexpr std::size_t kChunkSlots = 4096;
  using Chunks = std::vector<std::unique_ptr<Entry[]>>;  // made when first touched

  std::size_t slot_of(const KeyHash& hash) const;
  Entry& entry_at(std::size_t slot);
  const Entry* find(std::size_t slot) const;  // nothing: its chunk was not made
  Entry& place_of(const KeyHash& hash);
  std::size_t room() const;

  const double load_factor_;
  const HashSecret secret_;
  const std::size_t slots_max_;
  std::size_t slots_;
  Chunks chunks_;
  Chunks old_;  // while it grows
  std::size_t moved_ = 0;
  std::size_t chunks_allocated_ = 0;
  std::size_t size_ = 0;
  Offset latest_ = kNoOffset;
};

}  // namespace thalweg::storage
