#include "storage/batch_scanner.h"

#include <algorithm>

namespace thalweg::storage {

namespace at = record::batch_field;

Result<BatchHeader> BatchHeader::read(BytesView bytes, std::uint64_t position) {
  TRY(const record::BatchPrefix prefix, record::BatchPrefix::read(bytes));
  if (prefix.magic != record::kMagic)
    return fail(
        prefix.magic == 0 || prefix.magic == 1 ? ErrorCode::kUnsupportedForMessageFormat : ErrorCode::kCorruptMessage,
        "message format " + std::to_string(prefix.magic) + " at position " + std::to_string(position));
  BatchHeader header;
  header.position = position;
  header.size = prefix.total_size;
  header.base = prefix.base_offset;
  header.last = prefix.base_offset + load_be<std::int32_t>(bytes.data() + at::kLastOffsetDelta);
  header.leader_epoch = prefix.leader_epoch;
  // What compaction has left of a batch without records says a time that no record has any more.
  const bool empty = load_be<std::int32_t>(bytes.data() + at::kRecordCount) == 0;
  header.max_timestamp = empty ? kNoTimestamp : load_be<std::int64_t>(bytes.data() + at::kMaxTimestamp);
  header.producer_id = {load_be<std::int64_t>(bytes.data() + at::kProducerId)};
  header.attributes = load_be<std::int16_t>(bytes.data() + at::kAttributes);
  if (header.last < header.base)
    return fail(ErrorCode::kCorruptMessage, "negative offset delta at position " + std::to_string(position));
  return header;
}

bool BatchScanner::needs_bytes() const {
  if (end_ - position_ < record::kBatchHeaderSize) return false;  // next() says what is wrong
  return position_ < window_start_ || position_ + record::kBatchHeaderSize > window_start_ + window_.size();
}

MutableBytes BatchScanner::window_at_position() {
  window_start_ = position_;
  window_.resize(std::min<std::uint64_t>(window_max_, end_ - position_));
  return window_;
}

Task<Result<>> BatchScanner::fill() {
  CO_TRY(const std::size_t n, co_await file_->read(position_, window_at_position()));
  window_.resize(n);
  if (n < record::kBatchHeaderSize)
    co_return fail(ErrorCode::kKafkaStorageError, "log file is shorter than it should be");
  co_return Result<>{};
}

Result<> BatchScanner::fill_now() {
  TRY(const std::size_t n, file_->read_now(position_, window_at_position()));
  window_.resize(n);
  if (n < record::kBatchHeaderSize) return fail(ErrorCode::kKafkaStorageError, "log file is shorter than it should be");
  return {};
}

Result<BatchHeader> BatchScanner::next() {
  CHECK(!at_end() && !needs_bytes());
  if (end_ - position_ < record::kBatchHeaderSize)
    return fail(ErrorCode::kCorruptMessage, "a batch header is cut off at position " + std::to_string(position_));
  TRY(const BatchHeader header, BatchHeader::read(BytesView(window_).subspan(position_ - window_start_), position_));
  if (header.size > end_ - position_)
    return fail(ErrorCode::kCorruptMessage, "a batch is cut off at position " + std::to_string(position_));
  position_ += header.size;
  return header;
}

}  // namespace thalweg::storage
