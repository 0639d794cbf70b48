// Packs a body piece by piece, framed exactly as Kafka's clients frame it: what is held is what came out so far and
// what the codec needs for a block.
//
//   Packer packer(Codec::kZstd, level, plain.size());
//   packer.add(plain.first(n)); …
//   SharedBytes body = std::move(packer).finish();
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "record/batch.h"
#include "record/growing_buffer.h"

namespace thalweg::record {

class PackingStream;

class Packer {
 public:
  // gzip: RFC 1952. snappy: xerial framing in 32 KiB blocks. lz4: frame format with independent 64 KiB blocks, no
  // checksums. zstd: one frame. `level` is the codec's own (compression.*.level); nothing means its default. kNone
  // copies. `plain_size`: about how much will be added.
  Packer(Codec codec, std::optional<int> level, std::size_t plain_size);
  ~Packer();

  void add(BytesView plain);
  // What has come out so far; the codec holds back some of what was added.
  std::size_t size() const { return out_.size(); }
  SharedBytes finish() &&;

 private:
  GrowingBuffer out_;
  std::unique_ptr<PackingStream> stream_;  // none for kNone
};

}  // namespace thalweg::record
