#include <lz4frame.h>

#include "record/packed_stream.h"

namespace thalweg::record {
namespace {

// One frame and nothing after it: Kafka's clients stop reading at its end.
class Lz4Stream : public PackedStream {
 public:
  Lz4Stream() { CHECK(!LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION))); }
  ~Lz4Stream() override { LZ4F_freeDecompressionContext(context_); }

  // Blocks have 4 MiB at most, so there is no history to bound.
  void start(BytesView packed, std::size_t) override {
    LZ4F_resetDecompressionContext(context_);
    packed_ = packed;
    whole_ = false;
  }

  Result<std::size_t> next(MutableBytes into) override {
    std::size_t produced = into.size(), consumed = std::min(packed_.size(), kInputStep);
    const std::size_t expected = LZ4F_decompress(context_, into.data(), &produced, packed_.data(), &consumed, nullptr);
    if (LZ4F_isError(expected)) return corrupt("lz4", LZ4F_getErrorName(expected));
    packed_ = packed_.subspan(consumed);
    whole_ = expected == 0;
    if (whole_ && !packed_.empty()) return corrupt("lz4", "goes on after its frame");
    if (!whole_ && produced == 0 && consumed == 0) return corrupt("lz4", "ends inside a frame");
    return produced;
  }

  std::size_t left() const override { return packed_.size(); }
  bool over() const override { return whole_; }

 private:
  LZ4F_dctx* context_ = nullptr;
  BytesView packed_;
  bool whole_ = false;
};

}  // namespace

std::unique_ptr<PackedStream> lz4_stream() { return std::make_unique<Lz4Stream>(); }

}  // namespace thalweg::record
