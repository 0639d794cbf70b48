// What makes a Log roll, shorter, or begin later: segments, retention, truncation, producer snapshots.
#include <algorithm>

#include "base/log.h"
#include "storage/log.h"
#include "storage/producer_recovery.h"
#include "storage/segment_files.h"

namespace thalweg::storage {

// ---- Segments

Result<Log::SegmentPtr> Log::new_segment(Offset base, Timestamp now) {
  TRY_VOID(begin_folder());
  auto segment = std::make_shared<LogSegment>(*files_, directory_, base, now);
  TRY_VOID(segment->create());
  syncer_->names_changed();
  choose_roll_jitter();
  return segment;
}

void Log::choose_roll_jitter() {
  if (const auto jitter = config_.segment_jitter_ms.count(); jitter > 0)
    roll_jitter_ = Millis(static_cast<std::int64_t>(shard_.random.next() % static_cast<std::uint64_t>(jitter)));
}

Result<> Log::roll(Offset base, Timestamp now) {
  TRY_VOID(active().finish());
  TRY_VOID(write_snapshot(base));
  TRY(SegmentPtr next, new_segment(base, now));
  if (next->size() != 0) return fail(ErrorCode::kKafkaStorageError, next->path() + ": exists already");
  log::debug("segment rolled", field("partition", partition_), field("base_offset", next->base()));
  segments_.push_back(std::move(next));
  syncer_->request();  // what is full comes to disk, whatever the policy says
  return {};
}

Result<> Log::take_away(std::vector<SegmentPtr> segments) {
  syncer_->names_changed();
  return storage::take_away(shard_, directory_, segments, config_.file_delete_delay_ms);
}

// ---- Retention

// Records without timestamps are as old as the file's last change, as in Kafka (KAFKA-6482). A file that cannot be
// asked is kept for now.
bool Log::expired_by_time(const LogSegment& segment, Timestamp now) const {
  if (!config_.cleanup_delete || config_.retention_ms.count() < 0) return false;
  const Timestamp newest =
      segment.max_timestamp() >= 0 ? segment.max_timestamp() : shard_.disk.modified(segment.path()).value_or(now);
  return now - newest > config_.retention_ms.count();
}

std::size_t Log::expired_segments(Timestamp now) const {
  std::int64_t excess =
      config_.retention_bytes >= 0 ? static_cast<std::int64_t>(size_bytes()) - config_.retention_bytes : -1;
  std::size_t count = 0;
  if (replacing_) return 0;
  for (; count < segments_.size(); ++count) {
    const LogSegment& segment = *segments_[count];
    const bool last = count + 1 == segments_.size();
    if (segment_end(count) > high_watermark_ || (last && segment.size() == 0)) break;
    const bool by_start = !last && segment_end(count) <= start_;
    const bool by_time = segment.size() > 0 && expired_by_time(segment, now);
    const bool by_size = config_.cleanup_delete && excess >= static_cast<std::int64_t>(segment.size());
    const bool hollow = !last && segment.size() == 0;
    if (!by_start && !by_time && !by_size && !hollow) break;
    excess -= static_cast<std::int64_t>(segment.size());
  }
  return count;
}

Result<std::uint64_t> Log::apply_retention() {
  TRY_VOID(check_writable());
  const Timestamp now = shard_.clock.wall();
  const std::size_t count = expired_segments(now);
  if (count == 0) return 0;
  if (count == segments_.size()) {
    if (auto rolled = roll(end_offset(), now); !rolled) return std::unexpected(failed(rolled.error()));
  }
  return delete_expired(count);
}

Result<std::uint64_t> Log::delete_expired(std::size_t count) {
  const std::vector<SegmentPtr> gone(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
  std::uint64_t bytes = 0;
  for (const SegmentPtr& segment : gone) bytes += segment->size();
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
  start_moved(std::max(start_, segments_.front()->base()));
  if (auto taken = take_away(gone); !taken) return std::unexpected(failed(taken.error()));
  log::info("segments deleted", field("partition", partition_), field("count", count), field("bytes", bytes),
            field("log_start", start_));
  syncer_->request();
  return bytes;
}

void Log::start_moved(Offset start) {
  untouched_ = false;
  start_ = start;
  high_watermark_ = std::max(high_watermark_, start_);
  epochs_.truncate_from_start(start);
  producers_.on_log_start(start);
  if (start_listener_) start_listener_();
}

Result<> Log::delete_records_before(Offset offset) {
  TRY_VOID(check_writable());
  if (offset > high_watermark_ || offset.value < 0)
    return fail(ErrorCode::kOffsetOutOfRange, "cannot delete records before " + to_string(offset) +
                                                  ": high watermark is " + to_string(high_watermark_));
  wanted_start_ = std::max(wanted_start_, offset);
  if (!raise_start_) return delete_now(wanted_start_);
  if (keeping_start_ || wanted_start_ <= durable_start_.value()) return {};
  keeping_start_ = true;
  spawn(shard_, keep_start(shared_from_this()));
  return {};
}

// One write at a time; what is asked for meanwhile is written with the next. Of what was lowered meanwhile nothing
// counts: whoever lowered it has written that.
Task<> Log::keep_start(LogPtr self) {
  Result<> kept;
  while (kept && self->durable_start_.value() < self->wanted_start_ && self->check_open()) {
    const Offset to = self->wanted_start_;
    const std::uint64_t lowered = self->starts_lowered_;
    kept = co_await self->raise_start_(self->partition_, to);
    const Turn::Held turn = co_await self->truncation_turn_.take();
    if (kept && self->starts_lowered_ == lowered && self->check_open()) kept = self->delete_now(to);
  }
  self->keeping_start_ = false;
  if (kept) co_return;
  self->wanted_start_ = self->start_;  // until it is asked for again
  log::warn("records were not deleted", field("partition", self->partition_), field("reason", kept.error()));
}

Result<> Log::delete_now(Offset offset) {
  if (offset > start_) {
    start_moved(offset);
    std::size_t count = 0;
    while (!replacing_ && count + 1 < segments_.size() && segment_end(count) <= start_) ++count;
    if (count > 0) TRY_VOID(delete_expired(count));
  }
  durable_start_.advance(offset);
  return {};
}

void Log::expire_producers(Millis expiration) {
  producers_.set_expiration(expiration);
  if (producers_.remove_expired(shard_.clock.wall()) > 0) untouched_ = false;
}

// ---- Truncation

// Also the start, which may lie inside the batch that goes. Until the cut is made no checkpoint raises them again.
Task<Result<>> Log::lower_recovery_point(Offset to) {
  if (to >= recovery_point_ && to >= std::max(start_, wanted_start_)) co_return Result<>{};
  recovery_point_ = std::min(recovery_point_, to);
  if (to < std::max(start_, wanted_start_)) ++starts_lowered_;
  start_ = std::min(start_, to);
  wanted_start_ = std::min(wanted_start_, to);
  if (to < durable_start_.value()) durable_start_.reset(to);
  if (lower_recovery_point_) co_return co_await lower_recovery_point_(partition_, to);
  co_return Result<>{};
}

Task<Result<>> Log::truncate_to(Offset to) {
  const LogPtr self = shared_from_this();
  const Turn::Held turn = co_await truncation_turn_.take();
  CO_TRY_VOID(check_open());
  if (to > end_offset()) co_return Result<>{};
  if (to == end_offset()) co_return epochs_.truncate_from_end(to) ? co_await settle_epochs() : Result<>{};
  truncating_ = true;
  // It lowers the start before it cuts. If it fails before it has cut anything, the log still begins where it did (seed
  // 9 of log_sim_test).
  const Offset start = start_;
  const std::uint64_t cuts = syncer_->cuts();
  auto truncated = co_await truncate_alone(to);
  if (!truncated && syncer_->cuts() == cuts) start_ = std::max(start_, start);
  truncating_ = false;
  co_return truncated;
}

Task<Result<>> Log::truncate_fully_and_start_at(Offset start) {
  const LogPtr self = shared_from_this();
  const Turn::Held turn = co_await truncation_turn_.take();
  CO_TRY_VOID(check_open());
  truncating_ = true;
  const Offset start_before = start_;
  const std::uint64_t cuts = syncer_->cuts();
  auto emptied = co_await empty_alone(start);
  if (!emptied && syncer_->cuts() == cuts) start_ = std::max(start_, start_before);
  truncating_ = false;
  co_return emptied;
}

Task<Result<>> Log::truncate_alone(Offset to) {
  CO_TRY(const auto cut, segments_[segment_index(to)]->cut_point(to));  // a batch that contains `to` goes whole
  const Offset end = std::min(to, cut.offset);
  CO_TRY_VOID(co_await lower_recovery_point(end));
  CO_TRY_VOID(check_open());
  // Before the cut, so that the file never speaks of what is gone.
  if (epochs_.truncate_from_end(end)) CO_TRY_VOID(co_await settle_epochs());
  CO_TRY_VOID(check_open());
  if (to < segments_.front()->base())
    CO_TRY_VOID(empty_and_start_at(to));
  else
    CO_TRY_VOID(co_await cut_at(to));
  co_return co_await sync_cut();
}

// After which the first segment's name says where the log begins at least.
Task<Result<>> Log::sync_cut() {
  CO_TRY_VOID(co_await syncer_->sync_cut());
  durable_start_.advance(std::min(start_, segments_.front()->base()));
  co_return Result<>{};
}

Task<Result<>> Log::empty_alone(Offset start) {
  CO_TRY_VOID(co_await lower_recovery_point(Offset{0}));
  CO_TRY_VOID(check_open());
  if (epochs_.clear()) CO_TRY_VOID(co_await settle_epochs());
  CO_TRY_VOID(check_open());
  CO_TRY_VOID(empty_and_start_at(start));
  co_return co_await sync_cut();
}

Task<Result<>> Log::cut_at(Offset to) {
  untouched_ = false;
  log::info("log truncated", field("partition", partition_), field("from", end_offset()), field("to", to));
  std::vector<SegmentPtr> gone;
  while (segments_.size() > 1 && active().base() >= to) {
    gone.push_back(segments_.back());
    segments_.pop_back();
  }
  Result<> taken = take_away(gone);
  if (!taken) co_return std::unexpected(failed(taken.error()));
  auto end = active().truncate_to(to);
  if (!end) {
    take_offline(end.error());  // some of it is cut: whatever the reason, this cannot go on
    co_return std::unexpected(end.error());
  }
  syncer_->changed(segments_.back());
  syncer_->cut_to(*end);
  start_ = std::min(start_, *end);  // the start may have lain inside the batch that went
  high_watermark_ = std::min(high_watermark_, *end);
  recovery_point_ = std::min(recovery_point_, *end);
  epochs_.truncate_from_end(*end);
  auto found = co_await recover_producers_to(*end);
  if (!found) co_return std::unexpected(failed(found.error()));
  co_return Result<>{};
}

// Beside those of before, so that nobody sees half of them.
Task<Result<>> Log::recover_producers_to(Offset end) {
  ProducerStateManager found = producers_;
  ProducerRecovery from{.directory = directory_,
                        .segments = segments_,
                        .end = end,
                        .high_watermark = high_watermark_,
                        .snapshot_limit = end,
                        .index_from = end};
  CO_TRY_VOID(co_await recover_producers(shard_, std::move(from), found));
  producers_ = std::move(found);
  producers_.on_high_watermark(high_watermark_);
  co_return Result<>{};
}

Result<> Log::empty_and_start_at(Offset start) {
  untouched_ = false;
  log::info("log emptied", field("partition", partition_), field("end_was", end_offset()), field("start", start));
  auto taken = take_away(std::exchange(segments_, {}));
  auto fresh = taken ? new_segment(start, shard_.clock.wall()) : std::unexpected(taken.error());
  if (!fresh) {
    take_offline(fresh.error());  // a log without a segment cannot go on, not even when the disk was only full
    return std::unexpected(fresh.error());
  }
  segments_.push_back(*fresh);
  syncer_->start_at(start);
  start_ = high_watermark_ = start;  // the recovery point follows with a checkpoint: these names are not on disk yet
  recovery_point_ = std::min(recovery_point_, start);
  epochs_.clear();
  producers_.clear(start);
  return {};
}

// ---- Producers

std::string Log::snapshot_path(Offset offset) const { return segment_file(directory_, offset, kSnapshotSuffix); }

Result<> Log::write_snapshot(Offset offset) {
  TRY_VOID(begin_folder());
  TRY(const FilePtr file, shard_.disk.open(snapshot_path(offset), OpenMode::kTruncate));
  syncer_->names_changed();
  return file->write(0, producers_.snapshot());
}

}  // namespace thalweg::storage
