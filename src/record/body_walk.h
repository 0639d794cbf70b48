// Takes a batch's body through a reader, plain or unpacked piece by piece, in steps and in memory that does not grow
// with the batch: to check its records (RecordWalk), to find one (TimeSearch), to pack them in another codec (Repack).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "record/batch.h"
#include "record/record_scanner.h"
#include "record/unpacker.h"

namespace thalweg::record {

// What a walk of compressed records works with; for one walk at a time, used again for the next.
struct WalkRoom {
  static constexpr std::size_t kWindow = std::size_t{128} << 10;

  Unpacker unpacker;
  std::vector<std::byte> window;  // kWindow bytes and what the reader left, once it was needed
};

// Reader: feed(bytes, last) takes the next plain bytes and answers how many it is done with, all of the last; the rest,
// at most RecordScanner::kRestMax bytes, comes again in front of what follows. With done() it ends the walk early.
template <class Reader>
class BodyWalk {
 public:
  // `batch` and `room` outlive the walk; nobody else uses the room meanwhile.
  template <class... A>
  BodyWalk(const BatchView& batch, WalkRoom& room, A&&... reader)
      : codec_(batch.codec()), body_(batch.body()), room_(room), reader_(std::forward<A>(reader)...) {
    if (!codec_ || *codec_ == Codec::kNone) return;
    room_.unpacker.start(*codec_, body_);
    room_.window.resize(WalkRoom::kWindow + RecordScanner::kRestMax);
  }

  // Goes on for about `work` bytes, which were read or unpacked. kInvalidRecord: the batch does not decompress, within
  // Unpacker's limits, or the reader refuses it; the message says why. kUnsupportedCompressionType for codecs 5 to 7.
  // REQUIRES: !over(); no step() has failed
  Result<> step(std::size_t work) {
    CHECK(!over_);
    if (!codec_) return fail(ErrorCode::kUnsupportedCompressionType, "batch with an unknown codec");
    if (*codec_ == Codec::kNone) return step_plain(work);
    std::size_t spent = 0;
    while (!over_ && spent < work) {
      TRY(const std::size_t cost, unpack_some());
      spent += cost;
    }
    return {};
  }
  bool over() const { return over_; }
  Reader& reader() { return reader_; }
  const Reader& reader() const { return reader_; }

 private:
  // What one call of a codec costs, however little it does.
  static constexpr std::size_t kCallCost = 512;

  Result<> step_plain(std::size_t work) {
    const BytesView part = body_.subspan(position_, std::min(body_.size() - position_, work + RecordScanner::kRestMax));
    const bool last = position_ + part.size() == body_.size();
    TRY(const std::size_t read, reader_.feed(part, last));
    position_ += read;
    over_ = last || done();
    return {};
  }

  Result<std::size_t> unpack_some() {
    Unpacker& unpacker = room_.unpacker;
    const std::size_t packed = unpacker.left();
    std::size_t written = 0;
    if (!unpacker.over()) {
      auto unpacked = unpacker.next(MutableBytes(room_.window).subspan(filled_));
      // Its checksum fits, so this is what was sent, and sending it again would not help.
      if (!unpacked) return fail(ErrorCode::kInvalidRecord, std::move(unpacked.error().message));
      written = *unpacked;
      filled_ += written;
    }
    over_ = unpacker.over();
    if (written > 0 || over_) {
      TRY(const std::size_t read, reader_.feed(BytesView(room_.window).first(filled_), over_));
      filled_ -= read;
      if (filled_ > 0) std::memmove(room_.window.data(), room_.window.data() + read, filled_);
      over_ = over_ || done();
    }
    return written + (packed - unpacker.left()) + kCallCost;
  }

  bool done() const {
    if constexpr (requires(const Reader& reader) { reader.done(); })
      return reader_.done();
    else
      return false;
  }

  const std::optional<Codec> codec_;
  const BytesView body_;
  WalkRoom& room_;
  Reader reader_;
  std::size_t position_ = 0;  // in a plain body
  std::size_t filled_ = 0;    // of the window
  bool over_ = false;
};

}  // namespace thalweg::record
