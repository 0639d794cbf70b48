// What makes a Log roll, shorter, or begin later: segments, retention, truncation, producer snapshots.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "storage/log.h"

namespace thalweg::storage {

// ---- Segments

Result<Log::SegmentPtr> Log::new_segment(Offset base, Timestamp now) {
  auto segment = std::make_shared<LogSegment>(*files_, directory_, base, now);
  TRY_VOID(segment->create());
  names_unsynced_ = true;
  if (const auto jitter = config_.segment_jitter_ms.count(); jitter > 0)
    roll_jitter_ = Millis(static_cast<std::int64_t>(shard_.random.next() % static_cast<std::uint64_t>(jitter)));
  return segment;
}

Result<> Log::roll(Offset base, Timestamp now) {
  TRY_VOID(active().finish());
  TRY_VOID(write_snapshot(base));
  TRY(SegmentPtr next, new_segment(base, now));
  if (next->size() != 0) return fail(ErrorCode::kKafkaStorageError, next->path() + ": exists already");
  log::debug("segment rolled", field("partition", partition_), field("base_offset", next->base()));
  segments_.push_back(std::move(next));
  return {};
}

Result<> Log::take_away(std::vector<SegmentPtr> segments) {
  std::vector<std::string> renamed;
  for (const SegmentPtr& segment : segments) {
    segment->forget_files();
    for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix, kSnapshotSuffix}) {
      const std::string path = segment_file(directory_, segment->base(), suffix);
      if (!shard_.disk.exists(path)) continue;
      const std::string aside = path + std::string(kDeletedSuffix);
      TRY_VOID(shard_.disk.rename(path, aside));
      renamed.push_back(aside);
    }
  }
  names_unsynced_ = true;
  if (!renamed.empty()) spawn(shard_, remove_later(&shard_, std::move(renamed), config_.file_delete_delay_ms));
  return {};
}

// Reads that are under way keep their files; others have the delay to finish opening them.
Task<> Log::remove_later(const Shard* shard, std::vector<std::string> paths, Millis delay) {
  co_await shard->clock.sleep_for(delay);
  for (const std::string& path : paths)
    if (auto removed = shard->disk.remove(path); !removed)
      log::warn("file not removed", field("path", path), field("reason", removed.error()));
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
    if (auto rolled = roll(end_.value(), now); !rolled) return std::unexpected(failed(rolled.error()));
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
  if (!sync_every_append_ || durable_.value() == end_.value()) request_sync();
  return bytes;
}

void Log::start_moved(Offset start) {
  untouched_ = false;
  start_ = start;
  high_watermark_ = std::max(high_watermark_, start_);
  epochs_unwritten_ |= epochs_.truncate_from_start(start);
  producers_.on_log_start(start);
}

Result<> Log::delete_records_before(Offset offset) {
  TRY_VOID(check_writable());
  if (offset > high_watermark_ || offset.value < 0)
    return fail(ErrorCode::kOffsetOutOfRange, "cannot delete records before " + to_string(offset) +
                                                  ": high watermark is " + to_string(high_watermark_));
  if (offset <= start_) return {};
  start_moved(offset);
  std::size_t count = 0;
  while (count + 1 < segments_.size() && segment_end(count) <= start_) ++count;
  if (count > 0) TRY_VOID(delete_expired(count));
  return {};
}

void Log::expire_producers(Millis expiration) {
  producers_.set_expiration(expiration);
  if (producers_.remove_expired(shard_.clock.wall()) > 0) untouched_ = false;
}

// ---- Truncation

// Also the start, which may lie inside the batch that goes. Until the cut is made no checkpoint raises them again.
Task<Result<>> Log::lower_recovery_point(Offset to) {
  if (to >= recovery_point_ && to >= start_) co_return Result<>{};
  recovery_point_ = std::min(recovery_point_, to);
  start_ = std::min(start_, to);
  if (lower_recovery_point_) co_return co_await lower_recovery_point_(partition_, to);
  co_return Result<>{};
}

Task<Result<>> Log::truncate_to(Offset to) {
  const LogPtr self = shared_from_this();
  CO_TRY_VOID(check_writable());
  if (to >= end_.value()) co_return Result<>{};
  CO_TRY(const auto cut, segments_[segment_index(to)]->cut_point(to));  // a batch that contains `to` goes whole
  truncating_ = true;
  auto lowered = co_await lower_recovery_point(std::min(to, cut.offset));
  truncating_ = false;
  CO_TRY_VOID(std::move(lowered));
  CO_TRY_VOID(check_writable());
  CO_TRY_VOID(to < segments_.front()->base() ? empty_and_start_at(to) : cut_at(to));
  co_return co_await sync_cut();
}

Task<Result<>> Log::truncate_fully_and_start_at(Offset start) {
  const LogPtr self = shared_from_this();
  CO_TRY_VOID(check_writable());
  truncating_ = true;
  auto lowered = co_await lower_recovery_point(Offset{0});
  truncating_ = false;
  CO_TRY_VOID(std::move(lowered));
  CO_TRY_VOID(check_writable());
  CO_TRY_VOID(empty_and_start_at(start));
  co_return co_await sync_cut();
}

// A power loss must not bring back what was cut off behind, or beside, what is appended next.
Task<Result<>> Log::sync_cut() {
  auto synced = co_await sync_once();
  if (!synced && !retired_) sync_failed(synced.error());
  co_return synced;
}

Result<> Log::cut_at(Offset to) {
  untouched_ = false;
  log::info("log truncated", field("partition", partition_), field("from", end_.value()), field("to", to));
  ++cuts_;
  std::vector<SegmentPtr> gone;
  while (segments_.size() > 1 && active().base() >= to) {
    gone.push_back(segments_.back());
    segments_.pop_back();
  }
  Result<> taken = take_away(gone);
  if (!taken) return std::unexpected(failed(taken.error()));
  auto end = active().truncate_to(to);
  if (!end) {
    take_offline(end.error());  // some of it is cut: whatever the reason, this cannot go on
    return std::unexpected(end.error());
  }
  durable_.reset(std::min(durable_.value(), *end));
  end_.reset(*end);
  start_ = std::min(start_, *end);  // the start may have lain inside the batch that went
  high_watermark_ = std::min(high_watermark_, *end);
  recovery_point_ = std::min(recovery_point_, *end);
  epochs_unwritten_ |= epochs_.truncate_from_end(*end);
  if (auto rebuilt = rebuild_producers(*end, *end); !rebuilt) return std::unexpected(failed(rebuilt.error()));
  return {};
}

Result<> Log::empty_and_start_at(Offset start) {
  untouched_ = false;
  log::info("log emptied", field("partition", partition_), field("end_was", end_.value()), field("start", start));
  ++cuts_;
  auto taken = take_away(std::exchange(segments_, {}));
  auto fresh = taken ? new_segment(start, shard_.clock.wall()) : std::unexpected(taken.error());
  if (!fresh) {
    take_offline(fresh.error());  // a log without a segment cannot go on, not even when the disk was only full
    return std::unexpected(fresh.error());
  }
  segments_.push_back(*fresh);
  start_ = start;
  end_.reset(start);
  durable_.reset(start);
  high_watermark_ = recovery_point_ = start;
  epochs_.clear();
  epochs_unwritten_ = true;
  producers_.clear(start);
  return {};
}

// ---- Producers

std::string Log::snapshot_path(Offset offset) const { return segment_file(directory_, offset, kSnapshotSuffix); }

Result<> Log::write_snapshot(Offset offset) {
  TRY(const FilePtr file, shard_.disk.open(snapshot_path(offset), OpenMode::kTruncate));
  names_unsynced_ = true;
  return file->write(0, producers_.snapshot());
}

Result<Offset> Log::load_newest_snapshot(Offset limit) {
  std::vector<Offset> snapshots;
  TRY(const auto files, shard_.disk.list(directory_));
  for (const DirectoryEntry& entry : files)
    if (const auto base = parse_segment_file(entry.name, kSnapshotSuffix)) snapshots.push_back(*base);
  std::optional<Offset> newest;
  for (; !snapshots.empty(); snapshots.pop_back()) {
    const Offset offset = snapshots.back();
    const std::string path = snapshot_path(offset);
    if (!newest && offset <= limit) {
      TRY(const SharedBytes content, shard_.disk.read_file(path));
      const auto loaded = producers_.load_snapshot(content, offset, shard_.clock.wall());
      if (loaded) newest = offset;
      if (loaded) continue;
      log::warn("producer snapshot unreadable", field("path", path), field("reason", loaded.error()));
    }
    // Older ones stay as long as their segment does. Others are of earlier stops, damaged, or beyond what is trusted.
    if (newest && segments_[segment_index(offset)]->base() == offset) continue;
    TRY_VOID(shard_.disk.remove(path));
  }
  if (!newest) producers_.clear(segments_.front()->base());
  return newest.value_or(segments_.front()->base());
}

Result<> Log::rebuild_producers(Offset snapshot_limit, Offset index_from) {
  TRY(const Offset from, load_newest_snapshot(snapshot_limit));
  for (std::size_t i = segment_index(from); i < segments_.size(); ++i) {
    LogSegment& segment = *segments_[i];
    TRY_VOID(segment.for_each_header(from, [&](const BatchHeader& header) -> Result<> {
      if (header.producer_id > kNoProducerId) {
        // Of a marker the record tells what it ends; of data the header says all, and the rest is not read.
        TRY(const SharedBytes bytes,
            header.is_control() ? segment.read_batch(header) : segment.read_without_records(header));
        TRY(const auto batch, record::BatchView::at(bytes));
        TRY(const auto completed, producers_.update(batch, header.base));
        if (completed && completed->aborted && completed->last_offset >= index_from)
          segment.aborted().append(AbortedTransaction::of(*completed));
      }
      producers_.advance_end(header.last + 1);
      return {};
    }));
  }
  producers_.advance_end(end_.value());
  producers_.on_high_watermark(high_watermark_);
  return {};
}

}  // namespace thalweg::storage
