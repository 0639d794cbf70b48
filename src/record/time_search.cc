#include "record/time_search.h"

#include <algorithm>

#include "base/varint.h"

namespace thalweg::record {
namespace {

// Length, attributes, timestamp delta, offset delta.
constexpr std::size_t kHeadMax = kMaxVarint32 + 1 + kMaxVarint64 + kMaxVarint32;
static_assert(kHeadMax <= RecordScanner::kRestMax);

}  // namespace

TimeScanner::TimeScanner(const BatchView& batch, Timestamp target, Offset from)
    : base_offset_(batch.base_offset()),
      base_timestamp_(batch.base_timestamp()),
      log_append_time_(batch.timestamp_type() == TimestampType::kLogAppendTime ? std::optional(batch.max_timestamp())
                                                                               : std::nullopt),
      target_(target),
      from_(from),
      left_(std::max(batch.record_count(), 0)) {}

Result<std::size_t> TimeScanner::feed(BytesView bytes, bool last) {
  const std::size_t begin = bytes.size();
  while (!done()) {
    const std::size_t skipped = std::min<std::uint64_t>(to_skip_, bytes.size());
    bytes = bytes.subspan(skipped);
    to_skip_ -= skipped;
    if (to_skip_ > 0 || bytes.empty()) break;
    if (bytes.size() < kHeadMax && !last) break;
    TRY_VOID(look(bytes));
    to_skip_ = size_;
  }
  if (!done() && last) return fail(ErrorCode::kInvalidRecord, "the batch ends before its last record");
  return last ? begin : begin - bytes.size();
}

Result<> TimeScanner::look(BytesView bytes) {
  const auto damaged = [] { return fail(ErrorCode::kInvalidRecord, "a record does not parse"); };
  std::size_t at = 0;
  const auto number = [&](std::size_t bytes_max) -> std::optional<std::int64_t> {
    const auto read = read_varint(bytes.subspan(std::min(at, bytes.size())), bytes_max);
    if (!read) return std::nullopt;
    at += read->size;
    return unzigzag(read->value);
  };
  const auto length = number(kMaxVarint32);
  if (!length || *length < 0) return damaged();
  size_ = at + static_cast<std::uint64_t>(*length);
  ++at;  // attributes
  const auto timestamp_delta = number(kMaxVarint64), offset_delta = number(kMaxVarint32);
  if (!timestamp_delta || !offset_delta || at > size_) return damaged();
  --left_;
  const Found here{log_append_time_.value_or(wrapping_add(base_timestamp_, *timestamp_delta)),
                   {wrapping_add(base_offset_.value, *offset_delta)}};
  if (here.timestamp >= target_ && here.offset >= from_) found_ = here;
  return {};
}

}  // namespace thalweg::record
