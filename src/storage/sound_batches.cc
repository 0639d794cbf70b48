#include "storage/sound_batches.h"

#include <limits>
#include <optional>
#include <vector>

#include "runtime/yielding.h"
#include "storage/batch_scanner.h"

namespace thalweg::storage {
namespace {

constexpr std::size_t kWindow = 1 << 20;

// What may be a batch, judged by its header alone: few places are, and only they cost a CRC.
std::optional<BatchHeader> plausible(BytesView bytes, std::uint64_t position, std::uint64_t size, Offset from) {
  if (bytes[record::batch_field::kMagic] != std::byte{record::kMagic}) return std::nullopt;
  const auto header = BatchHeader::read(bytes, position);
  if (!header || header->size > size - position) return std::nullopt;
  const bool near = header->base >= from && header->base - from <= std::numeric_limits<std::int32_t>::max();
  return near ? std::optional(*header) : std::nullopt;
}

}  // namespace

void SoundBatches::add(const SoundBatches& later) {
  if (first == kNoOffset) first = later.first;
  if (later.last != kNoOffset) last = later.last;
  count += later.count;
  gave_up |= later.gave_up;
}

Task<Result<SoundBatches>> find_sound_batches(FilePtr file, std::uint64_t position, std::uint64_t size, Offset from) {
  SoundBatches found;
  std::uint64_t budget = 4 * (size - position) + (1 << 20);  // bytes of CRC
  std::vector<std::byte> window, bytes;
  Pace pace(kBytesAtOnce);
  while (position + record::kBatchHeaderSize <= size) {
    window.resize(std::min<std::uint64_t>(kWindow, size - position));
    CO_TRY(const std::size_t n, co_await file->read(position, window));
    if (n < record::kBatchHeaderSize) break;
    std::size_t i = 0;
    while (i + record::kBatchHeaderSize <= n) {
      const auto header = plausible(BytesView(window).first(n).subspan(i), position + i, size, from);
      if (!header) {
        ++i;
        continue;
      }
      if (header->size > budget) {
        found.gave_up = true;
        co_return found;
      }
      budget -= header->size;
      bytes.resize(header->size);
      CO_TRY(const std::size_t got, co_await file->read(header->position, bytes));
      const auto batch = got == bytes.size() ? record::BatchView::at(bytes) : fail(ErrorCode::kCorruptMessage);
      if (!batch || !batch->crc_ok()) {
        ++i;
        continue;
      }
      found.add({.count = 1, .first = header->base, .last = header->last});
      from = header->last + 1;
      i += header->size;  // maybe beyond the window
      if (pace.due(header->size)) co_await give_way();
    }
    position += i;
    if (pace.due(n)) co_await give_way();
  }
  co_return found;
}

}  // namespace thalweg::storage
