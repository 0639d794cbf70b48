// Reading a Log: batches by offset, records by time, aborted transactions.
#include <algorithm>

#include "storage/log.h"

namespace thalweg::storage {

std::size_t Log::segment_index(Offset offset) const {
  const auto after = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                      [](Offset o, const SegmentPtr& s) { return o < s->base(); });
  return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin() - 1);
}

Offset Log::segment_end(std::size_t i) const {
  return i + 1 < segments_.size() ? segments_[i + 1]->base() : end_offset();
}

Task<Result<FetchedData>> Log::read(Offset from, ReadLimits limits) {
  const LogPtr self = shared_from_this();
  FetchedData data;
  data.next = from;
  Offset at = from;
  // A segment may hold nothing at or above `from` (a gap, or segments that compaction emptied): go on with the next.
  while (true) {
    if (const auto& offline = syncer_->offline()) co_return std::unexpected(*offline);
    if (from < start_ || from > end_offset())
      co_return fail(ErrorCode::kOffsetOutOfRange, "offset " + to_string(from) + " is not in [" + to_string(start_) +
                                                       ", " + to_string(end_offset()) + "]");
    const Offset upper = std::min(limits.upper_bound, end_offset());
    if (at >= upper) break;
    const std::size_t i = segment_index(at);
    const SegmentPtr segment = segments_[i];
    const Offset end = segment_end(i);
    const std::uint64_t cuts = segment->cuts();
    auto attempt = co_await segment->read(at, std::min(upper, end), end, limits.max_bytes, limits.at_least_one_batch);
    // What was found in a file that was cut meanwhile may begin or end inside a batch.
    if (cuts != segment->cuts()) continue;
    if (!attempt && from < start_) continue;  // it went while it was read
    CO_TRY(auto range, std::move(attempt));
    if (!range) {
      if (end <= at) break;  // it was the last
      at = end;
      continue;
    }
    data.bytes = range->bytes;
    if (data.bytes == 0) break;
    data.first = range->first;
    data.next = range->next;
    data.records = std::move(range->pieces);
    if (limits.aborted_transactions) {
      CO_TRY(data.aborted, co_await aborted_between(from, data.next));
    }
    break;
  }
  co_return data;
}

Task<Result<std::vector<AbortedTransaction>>> Log::aborted_between(Offset from, Offset upper) {
  std::vector<AbortedTransaction> found;
  for (std::size_t i = segment_index(from); i < segments_.size(); ++i) {
    if (segments_[i]->aborted().empty()) continue;
    CO_TRY(const auto entries, segments_[i]->aborted().entries());
    if (collect_aborted(entries, from, upper, found)) break;
  }
  co_return found;
}

Task<Result<TimestampAndOffset>> Log::offset_for_timestamp(Timestamp target) {
  const LogPtr self = shared_from_this();
  while (true) {
    const std::uint64_t replacements = replacements_;
    auto found = co_await look_for_timestamp(target);
    if (replacements == replacements_) co_return found;
  }
}

Task<Result<TimestampAndOffset>> Log::look_for_timestamp(Timestamp target) {
  if (const auto& offline = syncer_->offline()) co_return std::unexpected(*offline);
  const auto segments = segments_;
  for (const SegmentPtr& segment : segments) {
    if (segment->max_timestamp() < target) continue;
    std::optional<LogSegment::Found> found;
    do {
      auto looked = co_await segment->find_timestamp(target, start_);
      if (segment->base() < segments_.front()->base()) looked = std::nullopt;  // it was deleted meanwhile
      CO_TRY(found, std::move(looked));
    } while (found && found->offset < start_);  // the start moved meanwhile
    if (found) co_return TimestampAndOffset{found->timestamp, found->offset, found->leader_epoch};
  }
  co_return TimestampAndOffset{};
}

Task<Result<TimestampAndOffset>> Log::offset_of_max_timestamp(Offset upper) {
  const LogPtr self = shared_from_this();
  while (true) {
    const std::uint64_t replacements = replacements_;
    auto found = co_await look_for_max_timestamp(upper);
    if (replacements == replacements_) co_return found;
  }
}

Task<Result<TimestampAndOffset>> Log::look_for_max_timestamp(Offset upper) {
  if (const auto& offline = syncer_->offline()) co_return std::unexpected(*offline);
  const auto segments = segments_;
  Timestamp largest = kNoTimestamp;
  for (const SegmentPtr& segment : segments) {
    if (segment->base() >= upper) break;
    auto here = co_await segment->max_timestamp_below(upper);
    if (segment->base() < segments_.front()->base()) continue;  // it was deleted meanwhile
    CO_TRY(const Timestamp timestamp, std::move(here));
    largest = std::max(largest, timestamp);
  }
  if (largest < 0) co_return TimestampAndOffset{};
  co_return co_await look_for_timestamp(largest);
}

}  // namespace thalweg::storage
