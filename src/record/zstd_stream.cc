#include <zstd.h>

#include "record/packed_stream.h"

namespace thalweg::record {
namespace {

// A context that had to grow beyond this is not kept for the next body.
constexpr std::size_t kContextKeptMax = std::size_t{9} << 20;
// What a context has beside the window.
constexpr std::size_t kContextMax = std::size_t{2} << 20;

// Frames one after the other. Streaming, so that neither a missing nor a lying content size matters.
//
// A frame may ask for a window of up to 128 MiB, and Java's client at level 22 always does. The library reserves that
// much, but touches only what is unpacked; so what is bounded is how much a frame with a large window unpacks to.
class ZstdStream : public PackedStream {
 public:
  ~ZstdStream() override { ZSTD_freeDCtx(context_); }

  void start(BytesView packed, std::size_t history_max) override {
    if (context_ && ZSTD_sizeof_DCtx(context_) > kContextKeptMax) ZSTD_freeDCtx(std::exchange(context_, nullptr));
    if (!context_) context_ = ZSTD_createDCtx();
    CHECK(context_);
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    in_ = {packed.data(), packed.size(), 0};
    history_max_ = history_max;
    unpacked_ = 0;
    whole_ = false;
  }

  Result<std::size_t> next(MutableBytes into) override {
    ZSTD_outBuffer to{into.data(), into.size(), 0};
    ZSTD_inBuffer from{in_.src, std::min(in_.size, in_.pos + kInputStep), in_.pos};
    const std::size_t expected = ZSTD_decompressStream(context_, &to, &from);
    if (ZSTD_isError(expected)) return corrupt("zstd", ZSTD_getErrorName(expected));
    const bool stuck = to.pos == 0 && from.pos == in_.pos;
    in_.pos = from.pos;
    whole_ = expected == 0 && in_.pos == in_.size;
    if (stuck && !whole_) return corrupt("zstd", "ends inside a frame");
    unpacked_ += to.pos;
    if (unpacked_ > history_max_ && ZSTD_sizeof_DCtx(context_) > history_max_ + kContextMax)
      return corrupt("zstd", "unpacks to more than allowed with so large a window");
    return to.pos;
  }

  std::size_t left() const override { return in_.size - in_.pos; }
  bool over() const override { return whole_; }

 private:
  ZSTD_DCtx* context_ = nullptr;
  ZSTD_inBuffer in_{};
  std::size_t history_max_ = 0, unpacked_ = 0;
  bool whole_ = false;
};

}  // namespace

std::unique_ptr<PackedStream> zstd_stream() { return std::make_unique<ZstdStream>(); }

}  // namespace thalweg::record
