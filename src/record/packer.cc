#include "record/packer.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/endian.h"
#include "record/packing_stream.h"
#include "record/snappy_framing.h"

namespace thalweg::record {
namespace {

class SnappyPacking : public PackingStream {
 public:
  void add(BytesView plain, GrowingBuffer& out) override {
    begin(out);
    while (!plain.empty()) {
      if (block_.empty() && plain.size() >= kXerialBlock) {  // the usual way needs no copy
        write_block(plain.first(kXerialBlock), out);
        plain = plain.subspan(kXerialBlock);
        continue;
      }
      const BytesView part = plain.first(std::min(plain.size(), kXerialBlock - block_.size()));
      block_.insert(block_.end(), part.begin(), part.end());
      plain = plain.subspan(part.size());
      if (block_.size() == kXerialBlock) flush(out);
    }
  }
  void finish(GrowingBuffer& out) override {
    begin(out);
    flush(out);
  }

 private:
  void begin(GrowingBuffer& out) {
    if (std::exchange(begun_, true)) return;
    std::byte header[kXerialHeader];
    std::memcpy(header, kXerialMagic.data(), kXerialMagic.size());
    store_be<std::int32_t>(header + kXerialMagic.size(), 1);
    store_be<std::int32_t>(header + kXerialMagic.size() + 4, 1);
    out.append(header);
  }
  void flush(GrowingBuffer& out) {
    if (!block_.empty()) write_block(block_, out);
    block_.clear();
  }
  static void write_block(BytesView block, GrowingBuffer& out) {
    const MutableBytes room = out.room(4 + snappy::MaxCompressedLength(block.size()));
    std::size_t packed = 0;
    snappy::RawCompress(as_text(block).data(), block.size(), reinterpret_cast<char*>(room.data()) + 4, &packed);
    store_be<std::int32_t>(room.data(), static_cast<std::int32_t>(packed));
    out.commit(4 + packed);
  }

  bool begun_ = false;
  std::vector<std::byte> block_;
};

class Lz4Packing : public PackingStream {
 public:
  explicit Lz4Packing(std::optional<int> level) {
    constexpr int kKafkaDefaultLevel = 9;  // which Kafka takes to mean "the fast compressor"
    preferences_.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences_.frameInfo.blockMode = LZ4F_blockIndependent;
    if (level && *level != kKafkaDefaultLevel) preferences_.compressionLevel = *level;
    CHECK(!LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION)));
  }
  ~Lz4Packing() override { LZ4F_freeCompressionContext(context_); }

  void add(BytesView plain, GrowingBuffer& out) override {
    begin(out);
    const MutableBytes room = out.room(LZ4F_compressBound(plain.size(), &preferences_));
    out.commit(checked(LZ4F_compressUpdate(context_, room.data(), room.size(), plain.data(), plain.size(), nullptr)));
  }
  void finish(GrowingBuffer& out) override {
    begin(out);
    const MutableBytes room = out.room(LZ4F_compressBound(0, &preferences_));
    out.commit(checked(LZ4F_compressEnd(context_, room.data(), room.size(), nullptr)));
  }

 private:
  void begin(GrowingBuffer& out) {
    if (std::exchange(begun_, true)) return;
    const MutableBytes room = out.room(LZ4F_HEADER_SIZE_MAX);
    out.commit(checked(LZ4F_compressBegin(context_, room.data(), room.size(), &preferences_)));
  }
  static std::size_t checked(std::size_t size) {
    CHECK(!LZ4F_isError(size));
    return size;
  }

  LZ4F_preferences_t preferences_{};
  LZ4F_cctx* context_ = nullptr;
  bool begun_ = false;
};

class ZstdPacking : public PackingStream {
 public:
  ZstdPacking(std::optional<int> level, std::size_t plain_size) : context_(ZSTD_createCCtx()) {
    // A window for what comes: at high levels tables grow with it, up to hundreds of megabytes if nobody says.
    constexpr int kWindowLogMin = 10, kWindowLogMax = 21;
    CHECK(context_);
    set(ZSTD_c_compressionLevel, level.value_or(ZSTD_CLEVEL_DEFAULT));
    set(ZSTD_c_windowLog, std::clamp(static_cast<int>(std::bit_width(plain_size)), kWindowLogMin, kWindowLogMax));
  }
  ~ZstdPacking() override { ZSTD_freeCCtx(context_); }

  void add(BytesView plain, GrowingBuffer& out) override { run(plain, ZSTD_e_continue, out); }
  void finish(GrowingBuffer& out) override { run({}, ZSTD_e_end, out); }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_, parameter, value)));
  }
  void run(BytesView plain, ZSTD_EndDirective directive, GrowingBuffer& out) {
    ZSTD_inBuffer input{plain.data(), plain.size(), 0};
    for (;;) {
      const MutableBytes room = out.room(4096);
      ZSTD_outBuffer output{room.data(), room.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &output, &input, directive);
      CHECK(!ZSTD_isError(left));
      out.commit(output.pos);
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return;
    }
  }

  ZSTD_CCtx* const context_;
};

std::unique_ptr<PackingStream> stream_for(Codec codec, std::optional<int> level, std::size_t plain_size) {
  switch (codec) {
    case Codec::kNone:
      return nullptr;
    case Codec::kGzip:
      return gzip_packing(level);
    case Codec::kSnappy:
      return std::make_unique<SnappyPacking>();
    case Codec::kLz4:
      return std::make_unique<Lz4Packing>(level);
    case Codec::kZstd:
      return std::make_unique<ZstdPacking>(level, plain_size);
  }
  CHECK(false && "a codec beyond the table");
}

}  // namespace

Packer::Packer(Codec codec, std::optional<int> level, std::size_t plain_size)
    : out_(plain_size / 3 + 128), stream_(stream_for(codec, level, plain_size)) {}
Packer::~Packer() = default;

void Packer::add(BytesView plain) {
  if (plain.empty()) return;
  stream_ ? stream_->add(plain, out_) : out_.append(plain);
}

SharedBytes Packer::finish() && {
  if (stream_) stream_->finish(out_);
  return std::move(out_).take();
}

}  // namespace thalweg::record
