#include "record/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "base/endian.h"
#include "record/growing_buffer.h"
#include "record/gzip.h"

namespace thalweg::record {
namespace {

std::unexpected<Error> corrupt(const char* codec, const char* what) {
  return fail(ErrorCode::kCorruptMessage, std::string(codec) + ": " + what);
}

// --- snappy
// ------------------------------------------------------------------------------------------------------------ xerial:
// magic, version 1, least compatible version 1, then blocks of a length and raw snappy bytes.

constexpr std::array<unsigned char, 8> kXerialMagic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t kXerialHeader = kXerialMagic.size() + 8;
constexpr std::size_t kXerialBlock = 32 * 1024;
// No snappy element makes more than 64 bytes out of 3, so a larger claim is a lie that need not be allocated for.
constexpr std::size_t kSnappyRatioMax = 22;

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

Result<> decompress_snappy_block(BytesView packed, std::size_t limit, GrowingBuffer& out) {
  std::size_t claimed = 0;
  const char* data = as_text(packed).data();
  if (!snappy::GetUncompressedLength(data, packed.size(), &claimed)) return corrupt("snappy", "no length");
  if (claimed > limit - out.size()) return corrupt("snappy", "unpacks to more than allowed");
  if (claimed / kSnappyRatioMax > packed.size()) return corrupt("snappy", "claims more than its bytes can hold");
  const MutableBytes room = out.room(claimed);
  if (!snappy::RawUncompress(data, packed.size(), reinterpret_cast<char*>(room.data())))
    return corrupt("snappy", "damaged block");
  out.commit(claimed);
  return {};
}

Result<SharedBytes> decompress_snappy(BytesView packed, std::size_t limit) {
  GrowingBuffer out(packed.size() * 2);
  const bool xerial =
      packed.size() >= kXerialHeader && std::memcmp(packed.data(), kXerialMagic.data(), kXerialMagic.size()) == 0;
  if (!xerial) {
    TRY_VOID(decompress_snappy_block(packed, limit, out));
    return std::move(out).take();
  }
  packed = packed.subspan(kXerialHeader);
  while (!packed.empty()) {
    if (packed.size() < 4) return corrupt("snappy", "ends inside a block length");
    const auto length = load_be<std::int32_t>(packed.data());
    packed = packed.subspan(4);
    if (length < 0 || static_cast<std::size_t>(length) > packed.size()) return corrupt("snappy", "ends inside a block");
    TRY_VOID(decompress_snappy_block(packed.first(static_cast<std::size_t>(length)), limit, out));
    packed = packed.subspan(static_cast<std::size_t>(length));
  }
  return std::move(out).take();
}

// --- lz4
// ---------------------------------------------------------------------------------------------------------------

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

Result<SharedBytes> decompress_lz4(BytesView packed, std::size_t limit) {
  LZ4F_dctx* raw = nullptr;
  CHECK(!LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)));
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(raw,
                                                                                     &LZ4F_freeDecompressionContext);
  GrowingBuffer out(packed.size() * 3);
  std::size_t expected = 1;  // 0 once a frame is whole
  while (!packed.empty()) {
    const MutableBytes room = out.room_up_to(limit + 1);
    if (room.empty()) return corrupt("lz4", "unpacks to more than allowed");
    std::size_t produced = room.size(), consumed = packed.size();
    expected = LZ4F_decompress(context.get(), room.data(), &produced, packed.data(), &consumed, nullptr);
    if (LZ4F_isError(expected)) return corrupt("lz4", LZ4F_getErrorName(expected));
    out.commit(produced);
    packed = packed.subspan(consumed);
    if (consumed == 0 && produced == 0) return corrupt("lz4", "makes no progress");
  }
  // Input may be used up while output is still held back for lack of room.
  while (expected != 0) {
    const MutableBytes room = out.room_up_to(limit + 1);
    if (room.empty()) return corrupt("lz4", "unpacks to more than allowed");
    std::size_t produced = room.size(), consumed = 0;
    expected = LZ4F_decompress(context.get(), room.data(), &produced, nullptr, &consumed, nullptr);
    if (LZ4F_isError(expected)) return corrupt("lz4", LZ4F_getErrorName(expected));
    if (produced == 0) return corrupt("lz4", "ends inside a frame");
    out.commit(produced);
  }
  if (out.size() > limit) return corrupt("lz4", "unpacks to more than allowed");
  return std::move(out).take();
}

// --- zstd
// --------------------------------------------------------------------------------------------------------------

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

// Streaming, so that neither a missing nor a lying content size matters.
Result<SharedBytes> decompress_zstd(BytesView packed, std::size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  GrowingBuffer out(packed.size() * 4);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t expected = 1;  // 0 once a frame is whole
  while (in.pos < in.size || expected != 0) {
    const MutableBytes room = out.room_up_to(limit + 1);
    if (room.empty()) return corrupt("zstd", "unpacks to more than allowed");
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const std::size_t before = in.pos;
    expected = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(expected)) return corrupt("zstd", ZSTD_getErrorName(expected));
    out.commit(to.pos);
    if (to.pos == 0 && in.pos == before) return corrupt("zstd", "ends inside a frame");
  }
  if (out.size() > limit) return corrupt("zstd", "unpacks to more than allowed");
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
  if (packed.empty()) return SharedBytes();  // what compaction leaves of a batch without records
  switch (codec) {
    case Codec::kNone:
      if (packed.size() > limit) return corrupt("none", "larger than allowed");
      return SharedBytes::copy_of(packed);
    case Codec::kGzip:
      return decompress_gzip(packed, limit);
    case Codec::kSnappy:
      return decompress_snappy(packed, limit);
    case Codec::kLz4:
      return decompress_lz4(packed, limit);
    case Codec::kZstd:
      return decompress_zstd(packed, limit);
  }
  CHECK(false && "a codec beyond the table");
}

}  // namespace thalweg::record
