// Whether there is anything of value behind damage in a .log file.
#pragma once

#include <cstdint>

#include "base/types.h"
#include "runtime/disk.h"

namespace thalweg::storage {

struct SoundBatches {
  std::uint64_t count = 0;
  Offset first = kNoOffset, last = kNoOffset;  // of the records in them
  bool gave_up = false;                        // bytes made to look like batches would take for ever; there may be more
  bool any() const { return count > 0 || gave_up; }
  void add(const SoundBatches& later);
};

// Whole batches with a right CRC and rising offsets from `from` on that begin at any byte of [position, size). Gives
// way to others as it goes.
Task<Result<SoundBatches>> find_sound_batches(FilePtr file, std::uint64_t position, std::uint64_t size, Offset from);

}  // namespace thalweg::storage
