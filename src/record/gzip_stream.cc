#include <isa-l/igzip_lib.h>

#include "record/packed_stream.h"

namespace thalweg::record {
namespace {

// Members one after the other.
class GzipStream : public PackedStream {
 public:
  // The window has 32 KiB, so there is no history to bound.
  void start(BytesView packed, std::size_t) override {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
    packed_ = packed;
    whole_ = false;
  }

  Result<std::size_t> next(MutableBytes into) override {
    const BytesView part = packed_.first(std::min(packed_.size(), kInputStep));
    const auto room = static_cast<std::uint32_t>(std::min(into.size(), kInputStep));
    // Read only, but declared without const.
    state_.next_in = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(part.data()));
    state_.avail_in = static_cast<std::uint32_t>(part.size());
    state_.next_out = reinterpret_cast<unsigned char*>(into.data());
    state_.avail_out = room;
    if (isal_inflate(&state_) != ISAL_DECOMP_OK) return corrupt("gzip", "damaged");
    const std::size_t consumed = part.size() - state_.avail_in, produced = room - state_.avail_out;
    packed_ = packed_.subspan(consumed);
    if (state_.block_state == ISAL_BLOCK_FINISH) {
      whole_ = packed_.empty();
      if (!whole_) isal_inflate_reset(&state_);
      state_.crc_flag = ISAL_GZIP;
    } else if (consumed == 0 && produced == 0) {
      return corrupt("gzip", "ends early");
    }
    return produced;
  }

  std::size_t left() const override { return packed_.size(); }
  bool over() const override { return whole_; }

 private:
  inflate_state state_;
  BytesView packed_;
  bool whole_ = false;
};

}  // namespace

std::unique_ptr<PackedStream> gzip_stream() { return std::make_unique<GzipStream>(); }

}  // namespace thalweg::record
