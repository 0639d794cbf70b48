// Reads a segment batch by batch, bodies and all, for the cleaner: in large windows, from the disk's threads, each
// batch with its CRC computed, since what is written anew must not give a damaged batch a checksum that fits.
//
//   WholeBatches batches(file, from, size, window);
//   while (!batches.at_end()) {
//     CO_TRY(const record::BatchView batch, co_await batches.next());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "record/batch.h"
#include "runtime/disk.h"

namespace thalweg::storage {

class WholeBatches {
 public:
  // Of [from, end) of `file`; `from` is where a batch begins. `window`: bytes that are read at a time.
  WholeBatches(FilePtr file, std::uint64_t from, std::uint64_t end, std::size_t window)
      : file_(std::move(file)), position_(from), end_(end), window_max_(window), window_start_(from) {}

  bool at_end() const { return position_ >= end_; }
  std::uint64_t position() const { return position_; }
  // Valid until the next call. kCorruptMessage: no sound batch is there. REQUIRES: !at_end()
  Task<Result<record::BatchView>> next();

 private:
  Task<Result<>> have(std::size_t bytes);
  BytesView at_position() const { return BytesView(window_).subspan(position_ - window_start_); }

  FilePtr file_;
  std::uint64_t position_, end_;
  const std::size_t window_max_;
  std::uint64_t window_start_;
  std::vector<std::byte> window_;
};

// The records of one batch after another without their codec. What is unpacked is in memory that is used again and
// has a bound: of a batch beyond it nothing is told, and the cleaner keeps it as it is.
//
// Owner: one pass over a log.
class PlainRecords {
 public:
  static constexpr std::size_t kUnpackedMax = std::size_t{64} << 20;

  PlainRecords();
  ~PlainRecords();
  PlainRecords(const PlainRecords&) = delete;
  // The batch's bytes stay until the next call, and what is answered is valid as long. Nothing: it unpacks to more than
  // kUnpackedMax. kCorruptMessage: it does not unpack.
  Task<Result<std::optional<BytesView>>> of(record::BatchView batch);

 private:
  struct Unpacking;
  Task<Result<std::optional<BytesView>>> unpack(record::BatchView batch);

  std::unique_ptr<Unpacking> unpacking_;
};

}  // namespace thalweg::storage
