// Walks the batch headers of a .log file without reading the bodies: small batches come many at a time from one window,
// large ones are jumped over.
//
//   BatchScanner scanner(file, from, size);
//   while (!scanner.at_end()) {
//     if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
//     CO_TRY(const BatchHeader batch, scanner.next());
//   }
#pragma once

#include <cstdint>
#include <vector>

#include "record/batch.h"
#include "runtime/disk.h"

namespace thalweg::storage {

// The header of one batch and where it lies.
struct BatchHeader {
  std::uint64_t position = 0;
  std::size_t size = 0;  // of the whole batch
  Offset base, last;
  LeaderEpoch leader_epoch;
  Timestamp max_timestamp = kNoTimestamp;
  ProducerId producer_id;
  std::int16_t attributes = 0;

  std::uint64_t end_position() const { return position + size; }
  bool is_control() const { return attributes & record::attribute::kControl; }
  // REQUIRES: bytes.size() >= record::kBatchHeaderSize. kCorruptMessage: no batch of magic 2 begins here.
  static Result<BatchHeader> read(BytesView bytes, std::uint64_t position);
};

class BatchScanner {
 public:
  static constexpr std::size_t kWindow = 16 << 10;

  // Walks [from, end) of `file`; `from` is where a batch begins.
  BatchScanner(FilePtr file, std::uint64_t from, std::uint64_t end, std::size_t window = kWindow)
      : file_(std::move(file)), position_(from), end_(end), window_max_(window) {}

  std::uint64_t position() const { return position_; }
  bool at_end() const { return position_ >= end_; }
  bool needs_bytes() const;
  Task<Result<>> fill();
  Result<> fill_now();
  // kCorruptMessage when the bytes end inside this batch or are no batch; the scanner stays before it.
  // REQUIRES: !at_end() && !needs_bytes()
  Result<BatchHeader> next();

 private:
  MutableBytes window_at_position();

  FilePtr file_;
  std::uint64_t position_, end_;
  std::size_t window_max_;
  std::uint64_t window_start_ = 0;
  std::vector<std::byte> window_;
};

}  // namespace thalweg::storage
