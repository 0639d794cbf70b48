#include "record/record_walk.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace thalweg::record {
namespace {

// What one call of a codec costs, however little it does.
constexpr std::size_t kCallCost = 512;

}  // namespace

RecordWalk::RecordWalk(const BatchView& batch, WalkRoom& room)
    : codec_(batch.codec()), body_(batch.body()), room_(room), scanner_(batch.base_timestamp(), batch.record_count()) {
  if (!codec_ || *codec_ == Codec::kNone) return;
  room_.unpacker.start(*codec_, body_);
  room_.window.resize(WalkRoom::kWindow + RecordScanner::kRestMax);
}

Result<> RecordWalk::step(std::size_t work) {
  CHECK(!over_);
  if (!codec_) return fail(ErrorCode::kUnsupportedCompressionType, "batch with an unknown codec");
  if (*codec_ == Codec::kNone) return step_plain(work);
  std::size_t done = 0;
  while (!over_ && done < work) {
    TRY(const std::size_t cost, unpack_some());
    done += cost;
  }
  return {};
}

Result<> RecordWalk::step_plain(std::size_t work) {
  const BytesView part = body_.subspan(position_, std::min(body_.size() - position_, work + RecordScanner::kRestMax));
  const bool last = position_ + part.size() == body_.size();
  TRY(const std::size_t read, scanner_.feed(part, last));
  position_ += read;
  over_ = last;
  return {};
}

Result<std::size_t> RecordWalk::unpack_some() {
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
    TRY(const std::size_t read, scanner_.feed(BytesView(room_.window).first(filled_), over_));
    filled_ -= read;
    if (filled_ > 0) std::memmove(room_.window.data(), room_.window.data() + read, filled_);
  }
  return written + (packed - unpacker.left()) + kCallCost;
}

Result<RecordFacts> walk_records(const BatchView& batch, WalkRoom& room) {
  RecordWalk walk(batch, room);
  while (!walk.over()) TRY_VOID(walk.step(std::numeric_limits<std::int32_t>::max()));
  return walk.facts();
}

}  // namespace thalweg::record
