#include "record/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/endian.h"
#include "record/growing_buffer.h"
#include "record/gzip.h"
#include "record/packed_stream.h"
#include "record/snappy_framing.h"
#include "record/unpacker.h"

namespace thalweg::record {
namespace {

SharedBytes compress_snappy(BytesView plain) {
  GrowingBuffer out(kXerialHeader + plain.size() / 2 + 64);
  std::byte header[kXerialHeader];
  std::memcpy(header, kXerialMagic.data(), kXerialMagic.size());
  store_be<std::int32_t>(header + kXerialMagic.size(), 1);
  store_be<std::int32_t>(header + kXerialMagic.size() + 4, 1);
  out.append(header);
  while (!plain.empty()) {
    const BytesView block = plain.first(std::min(plain.size(), kXerialBlock));
    plain = plain.subspan(block.size());
    const MutableBytes room = out.room(4 + snappy::MaxCompressedLength(block.size()));
    std::size_t packed = 0;
    snappy::RawCompress(as_text(block).data(), block.size(), reinterpret_cast<char*>(room.data()) + 4, &packed);
    store_be<std::int32_t>(room.data(), static_cast<std::int32_t>(packed));
    out.commit(4 + packed);
  }
  return std::move(out).take();
}

SharedBytes compress_lz4(BytesView plain, std::optional<int> level) {
  constexpr int kKafkaDefaultLevel = 9;  // which Kafka takes to mean "the fast compressor"
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  if (level && *level != kKafkaDefaultLevel) preferences.compressionLevel = *level;
  const std::size_t bound = LZ4F_compressFrameBound(plain.size(), &preferences);
  GrowingBuffer out(bound);
  const MutableBytes room = out.room(bound);
  const std::size_t size = LZ4F_compressFrame(room.data(), bound, plain.data(), plain.size(), &preferences);
  CHECK(!LZ4F_isError(size));
  out.commit(size);
  return std::move(out).take();
}

SharedBytes compress_zstd(BytesView plain, std::optional<int> level) {
  const std::size_t bound = ZSTD_compressBound(plain.size());
  GrowingBuffer out(bound);
  const MutableBytes room = out.room(bound);
  const std::size_t size =
      ZSTD_compress(room.data(), bound, plain.data(), plain.size(), level.value_or(ZSTD_CLEVEL_DEFAULT));
  CHECK(!ZSTD_isError(size));
  out.commit(size);
  return std::move(out).take();
}

}  // namespace

SharedBytes compress(Codec codec, BytesView plain, std::optional<int> level) {
  switch (codec) {
    case Codec::kNone:
      return SharedBytes::copy_of(plain);
    case Codec::kGzip:
      return compress_gzip(plain, level);
    case Codec::kSnappy:
      return compress_snappy(plain);
    case Codec::kLz4:
      return compress_lz4(plain, level);
    case Codec::kZstd:
      return compress_zstd(plain, level);
  }
  CHECK(false && "a codec beyond the table");
}

Result<SharedBytes> decompress(Codec codec, BytesView packed, std::size_t limit) {
  if (codec == Codec::kNone) {
    if (packed.size() > limit) return corrupt("none", "larger than allowed");
    return SharedBytes::copy_of(packed);
  }
  Unpacker unpacker;
  unpacker.start(codec, packed, {.unpacked = limit, .history = limit});
  GrowingBuffer out(packed.size() * 3);
  while (!unpacker.over()) {
    TRY(const std::size_t written, unpacker.next(out.room_up_to(limit + 1)));  // next() refuses what needs the last
    out.commit(written);
  }
  return std::move(out).take();
}

}  // namespace thalweg::record
