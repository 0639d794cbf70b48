#include "record/unpacker.h"

#include "record/packed_stream.h"

namespace thalweg::record {
namespace {

std::unique_ptr<PackedStream> stream_of(Codec codec) {
  switch (codec) {
    case Codec::kGzip:
      return gzip_stream();
    case Codec::kSnappy:
      return snappy_stream();
    case Codec::kLz4:
      return lz4_stream();
    case Codec::kZstd:
      return zstd_stream();
    case Codec::kNone:
      break;
  }
  CHECK(false && "not a codec that packs");
}

}  // namespace

Unpacker::Unpacker() = default;
Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;

void Unpacker::start(Codec codec, BytesView packed, Limits limits) {
  unpacked_ = 0;
  unpacked_max_ = limits.unpacked;
  current_ = nullptr;
  if (packed.empty()) return;  // what compaction leaves of a batch without records
  auto& stream = streams_[static_cast<std::size_t>(codec)];
  if (!stream) stream = stream_of(codec);
  stream->start(packed, limits.history);
  current_ = stream.get();
}

Result<std::size_t> Unpacker::next(MutableBytes into) {
  CHECK(!over() && !into.empty());
  TRY(const std::size_t written, current_->next(into));
  unpacked_ += written;
  if (unpacked_ > unpacked_max_) return fail(ErrorCode::kCorruptMessage, "unpacks to more than allowed");
  return written;
}

bool Unpacker::over() const { return !current_ || current_->over(); }
std::size_t Unpacker::left() const { return current_ ? current_->left() : 0; }

}  // namespace thalweg::record
