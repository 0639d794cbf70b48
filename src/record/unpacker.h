// Unpacks compressed bodies piece by piece, one after the other. What the codecs need for it is made once and used
// again: about 1 MiB when all four were met, and while a body is read up to kHistoryMax more if it makes the codec hold
// so much.
//
// Owner: one shard, one body at a time.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/compression.h"

namespace thalweg::record {

class PackedStream;

// A zstd window or a block of raw snappy that is larger must not be unpacked from a stranger's batch.
inline constexpr std::size_t kHistoryMax = std::size_t{32} << 20;

class Unpacker {
 public:
  Unpacker();
  ~Unpacker();
  Unpacker(Unpacker&&) noexcept;
  Unpacker& operator=(Unpacker&&) noexcept;

  struct Limits {
    std::size_t unpacked = kDecompressedMax;
    std::size_t history = kHistoryMax;
  };
  // Begins with a new body, in its codec. The bytes stay where they are until over() or the next start().
  // REQUIRES: codec is not kNone
  void start(Codec codec, BytesView packed, Limits limits);
  void start(Codec codec, BytesView packed) { start(codec, packed, Limits()); }
  // Writes the next bytes of the body, fewer than fit now and then, none at all before its end, too. kCorruptMessage:
  // it is damaged, cut, or unpacks to more than the limits. REQUIRES: !over(), !into.empty()
  Result<std::size_t> next(MutableBytes into);
  bool over() const;
  // Bytes of the body that were not read yet.
  std::size_t left() const;
  // Bytes that next() has written since start().
  std::size_t unpacked() const { return unpacked_; }

 private:
  std::array<std::unique_ptr<PackedStream>, kCodecCount> streams_;  // made when first met
  PackedStream* current_ = nullptr;                                 // none for an empty body
  std::size_t unpacked_ = 0, unpacked_max_ = 0;
};

}  // namespace thalweg::record
