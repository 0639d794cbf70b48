// The four codecs of record batches, framed exactly as Kafka's clients frame them. Decompressing is bounded by `limit`
// and memory follows what was really produced, never what a header claims, so a small hostile batch cannot reserve
// gigabytes.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"

namespace thalweg::record {

// More than any sane batch unpacks to; a batch of 1 MiB that claims more is a bomb.
inline constexpr std::size_t kDecompressedMax = std::size_t{256} << 20;

// In one go; see Packer.
SharedBytes compress(Codec codec, BytesView plain, std::optional<int> level = std::nullopt);

// Reads what any client writes: several gzip members, raw or xerial snappy, lz4 frames of any block size, several zstd
// frames without content size. kCorruptMessage if the bytes are damaged, end too early, or unpack to more than `limit`.
Result<SharedBytes> decompress(Codec codec, BytesView packed, std::size_t limit = kDecompressedMax);

}  // namespace thalweg::record
