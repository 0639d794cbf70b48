// A batch in another codec: the same records, byte for byte, in steps. What is held are the batch, its new form and a
// window.
//
//   Repack repack(batch, room, {.codec = Codec::kZstd, …});
//   while (!repack.over()) TRY_VOID(repack.step(kBytes));
//   SharedBytes packed = std::move(repack).finish();
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "record/batch.h"
#include "record/body_walk.h"
#include "record/packer.h"

namespace thalweg::record {

struct RepackOptions {
  Codec codec = Codec::kNone;
  std::optional<int> level;
  std::size_t plain_size = 0;       // about, of the records
  std::size_t size_max = SIZE_MAX;  // of the new batch
};

// What BodyWalk reads goes into a Packer.
class PackingReader {
 public:
  explicit PackingReader(const RepackOptions& options)
      : packer_(options.codec, options.level, options.plain_size), size_max_(options.size_max) {}
  Result<std::size_t> feed(BytesView bytes, bool last);
  SharedBytes finish() && { return std::move(packer_).finish(); }

 private:
  Packer packer_;
  const std::size_t size_max_;
};

class Repack {
 public:
  // `batch` and `room` outlive it; nobody else uses the room meanwhile.
  Repack(const BatchView& batch, WalkRoom& room, const RepackOptions& options)
      : batch_(batch), codec_(options.codec), walk_(batch, room, options) {}
  // As BodyWalk::step(). kMessageTooLarge: the new batch would be.
  Result<> step(std::size_t work) { return walk_.step(work); }
  bool over() const { return walk_.over(); }
  // REQUIRES: over()
  SharedBytes finish() &&;

 private:
  const BatchView batch_;
  const Codec codec_;
  BodyWalk<PackingReader> walk_;
};

}  // namespace thalweg::record
