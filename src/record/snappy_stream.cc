// xerial framing, as Java's snappy streams write it: a header, then blocks of a length and raw snappy bytes. Or one raw
// block without any framing, as librdkafka writes it.
#include <snappy.h>

#include <cstring>
#include <vector>

#include "base/endian.h"
#include "record/packed_stream.h"
#include "record/snappy_framing.h"

namespace thalweg::record {
namespace {

// No snappy element makes more than 64 bytes out of 3, so a larger claim is a lie that need not be allocated for.
constexpr std::size_t kRatioMax = 22;
// A larger block's memory is not kept for the next body.
constexpr std::size_t kKeptMax = std::size_t{1} << 20;

class SnappyStream : public PackedStream {
 public:
  void start(BytesView packed, std::size_t history_max) override {
    history_max_ = history_max;
    framed_ =
        packed.size() >= kXerialHeader && std::memcmp(packed.data(), kXerialMagic.data(), kXerialMagic.size()) == 0;
    packed_ = framed_ ? packed.subspan(kXerialHeader) : packed;
    if (block_.capacity() > kKeptMax) block_ = {};
    block_.clear();
    given_ = 0;
  }

  Result<std::size_t> next(MutableBytes into) override {
    if (given_ == block_.size()) {
      TRY(const BytesView block, next_block());
      TRY(const std::size_t size, size_of_block(block));
      if (size <= into.size()) {
        TRY_VOID(unpack(block, into));
        return size;
      }
      block_.resize(size);
      given_ = 0;
      TRY_VOID(unpack(block, block_));
    }
    const std::size_t n = std::min(into.size(), block_.size() - given_);
    std::memcpy(into.data(), block_.data() + given_, n);
    given_ += n;
    return n;
  }

  std::size_t left() const override { return packed_.size(); }
  bool over() const override { return packed_.empty() && given_ == block_.size(); }

 private:
  Result<BytesView> next_block() {
    if (!framed_) return std::exchange(packed_, {});
    if (packed_.size() < 4) return corrupt("snappy", "ends inside a block length");
    const auto size = load_be<std::int32_t>(packed_.data());
    packed_ = packed_.subspan(4);
    if (size < 0 || static_cast<std::size_t>(size) > packed_.size()) return corrupt("snappy", "ends inside a block");
    const BytesView block = packed_.first(static_cast<std::size_t>(size));
    packed_ = packed_.subspan(block.size());
    return block;
  }

  Result<std::size_t> size_of_block(BytesView block) const {
    std::size_t claimed = 0;
    if (!snappy::GetUncompressedLength(as_text(block).data(), block.size(), &claimed))
      return corrupt("snappy", "no length");
    if (claimed > history_max_) return corrupt("snappy", "a block unpacks to more than allowed");
    if (claimed / kRatioMax > block.size()) return corrupt("snappy", "claims more than its bytes can hold");
    return claimed;
  }

  static Result<> unpack(BytesView block, MutableBytes into) {
    if (!snappy::RawUncompress(as_text(block).data(), block.size(), reinterpret_cast<char*>(into.data())))
      return corrupt("snappy", "damaged block");
    return {};
  }

  BytesView packed_;
  bool framed_ = false;
  std::size_t history_max_ = 0;
  std::vector<std::byte> block_;  // one that was larger than the room for it
  std::size_t given_ = 0;
};

}  // namespace

std::unique_ptr<PackedStream> snappy_stream() { return std::make_unique<SnappyStream>(); }

}  // namespace thalweg::record
