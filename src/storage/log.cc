// Appending, syncing and the offsets of a Log. Reading is in log_read.cc, what shortens or moves it in log_change.cc.
#include "storage/log.h"

#include <algorithm>

#include "base/log.h"
#include "storage/log_loader.h"
#include "storage/partition_metadata_file.h"
#include "storage/repack_in_slices.h"

namespace thalweg::storage {
namespace {
// Up to here a batch is copied once more so that it goes out in one write; beyond, two writes are cheaper than the
// copy.
constexpr std::size_t kCopyMax = 16 << 10;

bool has_gap(const std::vector<record::BatchView>& batches, Offset next) {
  return std::ranges::any_of(batches, [&](const record::BatchView& batch) {
    return std::exchange(next, batch.next_offset()) != batch.base_offset();
  });
}
}  // namespace

Task<Result<LogPtr>> Log::open(const Shard& shard, LogOptions options) {
  if (!options.files) options.files = std::make_shared<FileCache>(shard.disk, 64);
  LogLoader loader(shard, options);
  CO_TRY(LoadedLog loaded, co_await loader.load());
  co_return std::make_shared<Log>(Opening{}, shard, std::move(options), std::move(loaded));
}

Log::Log(Opening, const Shard& shard, LogOptions options, LoadedLog loaded)
    : shard_(shard),
      directory_(std::move(options.directory)),
      partition_(std::move(options.partition)),
      topic_id_(loaded.topic_id),
      files_(std::move(options.files)),
      config_(std::move(options.config)),
      lower_recovery_point_(std::move(options.lower_recovery_point)),
      raise_start_(std::move(options.raise_start)),
      syncer_(std::make_shared<LogSyncer>(
          shard, directory_, FlushPolicy{options.sync_every_append, config_.flush_messages, config_.flush_ms},
          loaded.end, loaded.unsynced)),
      segments_(std::move(loaded.segments)),
      epochs_(shard.disk, directory_, std::move(loaded.epochs), loaded.epochs_stale),
      producers_(std::move(loaded.producers)),
      start_(loaded.start),
      durable_start_(shard.clock, loaded.start),
      high_watermark_(loaded.high_watermark),
      recovery_point_(loaded.recovery_point),
      recovered_(std::move(loaded.recovered)),
      blank_(loaded.blank),
      untouched_(loaded.untouched),
      gaps_marked_(loaded.gaps_marked) {
  choose_roll_jitter();
}

Log::~Log() = default;

void Log::set_config(LogConfig config) {
  config_ = std::move(config);
  syncer_->set_policy(config_.flush_messages, config_.flush_ms);
}

// ---- Appending

Result<> Log::check_open() const {
  if (const auto& offline = syncer_->offline()) return std::unexpected(*offline);
  if (closed_) return fail(ErrorCode::kKafkaStorageError, directory_ + ": log is closed");
  return {};
}

Result<> Log::check_writable() const {
  TRY_VOID(check_open());
  if (truncating_) return fail(ErrorCode::kKafkaStorageError, directory_ + ": log is being truncated");
  return {};
}

Error Log::failed(Error why) {
  if (!Disk::is_passing(why)) take_offline(why);
  return why;
}

void Log::take_offline(Error why) { syncer_->take_offline(std::move(why)); }

void Log::retire() {
  closed_ = true;
  syncer_->retire();
  for (const auto& segment : segments_) segment->forget_files();
}

ValidationOptions Log::validation(const AppendOptions& options, Timestamp now) const {
  ValidationOptions rules;
  rules.next_offset = end_offset();
  rules.leader_epoch = options.leader_epoch;
  rules.now = now;
  rules.origin = options.origin;
  rules.produce_version = options.produce_version;
  rules.walked = options.walked;
  rules.compacted = config_.cleanup_compact;
  rules.timestamp_type = config_.message_timestamp_type;
  rules.timestamp_before_max = config_.message_timestamp_before_max_ms;
  rules.timestamp_after_max = config_.message_timestamp_after_max_ms;
  rules.message_bytes_max = static_cast<std::size_t>(config_.max_message_bytes);
  rules.segment_bytes_max = static_cast<std::size_t>(config_.segment_bytes);
  rules.codec = wanted_codec(config_);
  rules.compression_level = wanted_level(config_);
  return rules;
}

AppendResult Log::append_as_leader(SharedBytes records, const AppendOptions& options) {
  TRY_VOID(check_writable());
  const Timestamp now = shard_.clock.wall();
  TRY(const ValidatedBatch valid, validate_for_append(records, validation(options, now)));
  TRY(const record::BatchView sent, record::BatchView::at(records));
  TRY(const ProducerVerdict verdict,
      producers_.check(sent, options.origin, options.transaction_version, options.guard));
  if (const auto& original = verdict.duplicate)
    return AppendInfo{original->first_offset(), original->last_offset, original->timestamp, start_, true};

  TRY_VOID(roll_if_due(valid.size(), valid.max_timestamp, valid.first, valid.last, now));
  TRY(const BatchHeader header, BatchHeader::read(valid.header, active().size()));
  // The producer state wants the batch as it lies in the log; unless it was changed, the request's bytes say the same.
  const bool changed = valid.rebuilt || valid.stamped;
  const SharedBytes flat = changed || valid.size() <= kCopyMax ? valid.flat() : SharedBytes();
  if (auto written = flat.empty() ? write({valid.header, valid.body}) : write({flat}); !written)
    return std::unexpected(AppendError(failed(written.error())));
  TRY(const record::BatchView stored, record::BatchView::at(changed ? flat : records));
  if (auto noted = note_appended(stored, header); !noted) {
    // A marker that does not parse; only our own coordinators write those.
    if (auto undone = active().undo_write(header.position); !undone)
      return std::unexpected(AppendError(failed(undone.error())));
    return std::unexpected(AppendError(noted.error()));
  }
  finish_append(valid.last + 1);
  return AppendInfo{valid.first, valid.last, valid.log_append_time, start_, false};
}

Result<VerificationGuard> Log::begin_verification(const VerificationStart& start) {
  TRY_VOID(check_writable());
  return producers_.begin_verification(start, shard_.clock.wall());
}

AppendResult Log::append_as_follower(SharedBytes records, LeaderEpoch leader_epoch, Readers readers) {
  TRY_VOID(check_writable());
  TRY(const ReplicatedBatches checked, check_replicated(records, end_offset(), leader_epoch));
  if (checked.batches.empty()) return AppendInfo{end_offset(), end_offset() - 1, kNoTimestamp, start_, false};
  const Timestamp now = shard_.clock.wall();
  if (has_gap(checked.batches, end_offset())) TRY_VOID(mark_gaps());
  // One write for all that goes into the same segment.
  std::size_t i = 0;
  while (i < checked.batches.size()) {
    const auto& head = checked.batches[i];
    TRY_VOID(roll_if_due(head.size(), head.max_timestamp(), head.base_offset(), head.last_offset(), now));
    std::size_t count = 0, bytes = 0;
    while (i + count < checked.batches.size()) {
      const auto& batch = checked.batches[i + count];
      if (count > 0 && active().should_roll(config_, roll_jitter_, bytes + batch.size(), batch.max_timestamp(),
                                            batch.last_offset(), now))
        break;
      bytes += batch.size();
      ++count;
    }
    const std::uint64_t position = active().size();
    if (auto written = write({BytesView(head.bytes().data(), bytes)}, readers); !written)
      return std::unexpected(AppendError(failed(written.error())));
    std::uint64_t at = position;
    for (std::size_t k = i; k < i + count; ++k) {
      const auto& batch = checked.batches[k];
      TRY(const BatchHeader header, BatchHeader::read(batch.bytes(), at));
      if (auto noted = note_appended(batch, header); !noted) {
        take_offline(noted.error());  // replicated as it is, so the leader's log is damaged
        return std::unexpected(AppendError(noted.error()));
      }
      at += batch.size();
    }
    i += count;
    finish_append(checked.batches[i - 1].next_offset());
  }
  return AppendInfo{checked.batches.front().base_offset(), checked.batches.back().last_offset(), kNoTimestamp, start_,
                    false};
}

// Also when it fails: a full disk leaves a file that was cut back to what it was, and that has to reach the disk.
Result<> Log::write(std::initializer_list<BytesView> parts, Readers readers) {
  TRY_VOID(begin_folder());
  // What counts before it is on the disk must not go with the process.
  const bool unread = readers == Readers::kSeldom && syncer_->syncs_before_it_counts();
  auto written = unread ? active().write_unread(parts) : active().write(parts);
  syncer_->changed(segments_.back());
  return written;
}

// Whose the folder is comes before anything else in it. As Kafka's, the file is written when there is something to
// lose, and is on disk before a record counts (LogSyncer).
Result<> Log::begin_folder() {
  if (!blank_) return {};
  TRY_VOID(write_partition_metadata(shard_.disk, directory_, topic_id_));
  blank_ = false;
  return {};
}

// The batch is in the file: everything derived from it follows.
Result<> Log::note_appended(const record::BatchView& batch, const BatchHeader& header) {
  TRY(const auto completed, producers_.update(batch, header.base));
  if (completed && completed->aborted) active().aborted().append(AbortedTransaction::of(*completed));
  active().note(header, config_.index_interval_bytes);
  epochs_.on_batch(header.leader_epoch, header.base);
  return {};
}

void Log::finish_append(Offset end) {
  untouched_ = false;
  producers_.advance_end(end);
  syncer_->appended(end);
}

Result<> Log::roll_if_due(std::size_t bytes, Timestamp max_timestamp, Offset first, Offset last, Timestamp now) {
  if (!active().should_roll(config_, roll_jitter_, bytes, max_timestamp, last, now)) return {};
  auto rolled = roll(first, now);
  if (!rolled) return std::unexpected(failed(rolled.error()));
  return {};
}

// ---- Checkpoints

Task<Result<>> Log::flush() { return syncer_->flush(); }

// With the names in the folder.
Task<Result<>> Log::sync_side_files(std::vector<SegmentPtr> segments) {
  for (const SegmentPtr& segment : segments) {
    for (const std::string& path :
         {segment->offset_index().path(), segment->time_index().path(), segment->aborted().path()})
      if (files_->exists(path)) {
        CO_TRY(const FilePtr file, files_->open(path));
        CO_TRY_VOID(co_await file->sync());
      }
    if (const std::string path = snapshot_path(segment->base()); shard_.disk.exists(path)) {
      CO_TRY(const FilePtr snapshot, shard_.disk.open(path, OpenMode::kReadWrite));
      CO_TRY_VOID(co_await snapshot->sync());
    }
  }
  if (syncer_->is_retired()) co_return Result<>{};
  co_return co_await shard_.disk.sync_directory(directory_);
}

Task<Result<>> Log::checkpoint() {
  const LogPtr self = shared_from_this();
  const Turn::Held turn = co_await checkpoint_turn_.take();
  CO_TRY_VOID(co_await flush());
  if (syncer_->is_retired()) co_return Result<>{};  // the folder may be another log's by now
  const Offset reached = syncer_->durable().value();
  const std::uint64_t cuts = syncer_->cuts();
  if (recovery_point_ == reached && !epochs_.stale()) co_return Result<>{};
  std::vector<SegmentPtr> above;
  for (std::size_t i = segments_.size(); i-- > 0 && (i + 1 == segments_.size() || segment_end(i) > recovery_point_);) {
    above.push_back(segments_[i]);
    if (auto flushed = segments_[i]->flush_indexes(); !flushed) co_return std::unexpected(failed(flushed.error()));
  }
  if (auto synced = co_await sync_side_files(std::move(above)); !synced) {
    // As final as a log file's, also when it is for lack of room; only a file that could not be opened changes nothing.
    if (!syncer_->is_retired() && !Disk::is_out_of_files(synced.error())) syncer_->sync_failed(synced.error());
    co_return synced;
  }
  if (syncer_->is_retired()) co_return Result<>{};
  if (epochs_.stale()) CO_TRY_VOID(co_await settle_epochs());
  if (cuts == syncer_->cuts() && !truncating_) recovery_point_ = std::max(recovery_point_, reached);
  co_return Result<>{};
}

// The old file stays when this fails, so a full disk means no more than: later.
Task<Result<>> Log::settle_epochs() {
  if (syncer_->is_retired() || !epochs_.unwritten()) co_return Result<>{};
  CO_TRY_VOID(begin_folder());
  auto written = co_await epochs_.settle();
  if (!written && !syncer_->is_retired() && !Disk::is_passing(written.error())) syncer_->sync_failed(written.error());
  co_return written;
}

// No record was ever here: nothing on disk is worth a sync, and what is missing there is made again.
bool Log::has_nothing() const {
  return segments_.size() == 1 && segments_.front()->size() == 0 && !segments_.front()->unsynced_file() &&
         end_offset() == Offset{0};
}

Task<Result<>> Log::close() {
  const LogPtr self = shared_from_this();
  const Turn::Held turn = co_await truncation_turn_.take();
  if (closed_) co_return Result<>{};
  closed_ = true;
  if (const auto& offline = syncer_->offline()) co_return std::unexpected(*offline);
  if ((untouched_ && !epochs_.stale() && !syncer_->names_unsynced()) || has_nothing()) co_return Result<>{};
  CO_TRY_VOID(active().finish());
  CO_TRY_VOID(write_snapshot(end_offset()));
  CO_TRY(const FilePtr snapshot, shard_.disk.open(snapshot_path(end_offset()), OpenMode::kReadWrite));
  CO_TRY_VOID(co_await snapshot->sync());
  epochs_.set_stale();
  co_return co_await checkpoint();
}

// ---- Offsets

LogOffsets Log::offsets() const {
  return {start_, end_offset(), syncer_->durable().value(), high_watermark_, last_stable_offset()};
}

std::optional<Instant> Log::syncing_since() const {
  return syncer_->acknowledged().value() < end_offset() ? syncer_->syncing_since() : std::nullopt;
}

Offset Log::last_stable_offset() const {
  // The start of the log may have moved beyond where an open transaction began.
  return std::min(std::max(producers_.first_unstable_offset().value_or(high_watermark_), start_), high_watermark_);
}

void Log::set_high_watermark(Offset offset) {
  high_watermark_ = std::clamp(offset, start_, end_offset());
  producers_.on_high_watermark(high_watermark_);
}

void Log::start_epoch(LeaderEpoch epoch) { epochs_.announce(epoch, end_offset()); }

Task<Result<record::EpochEnd>> Log::end_offset_for_epoch(LeaderEpoch epoch) {
  const LogPtr self = shared_from_this();
  if (const auto& offline = syncer_->offline()) co_return std::unexpected(*offline);
  CO_TRY_VOID(co_await settle_epochs());
  co_return epochs_.epochs().end_offset_for(epoch, end_offset());
}

LeaderEpoch Log::latest_epoch() const { return epochs_.latest(); }
LeaderEpoch Log::epoch_of(Offset offset) const { return epochs_.epochs().epoch_at(offset).value_or(kNoLeaderEpoch); }

std::uint64_t Log::size_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& segment : segments_) sum += segment->size();
  return sum;
}

void Log::check_invariants() const {
  CHECK(!segments_.empty());
  for (std::size_t i = 1; i < segments_.size(); ++i) CHECK(segments_[i - 1]->base() < segments_[i]->base());
  const Offset end = end_offset();
  CHECK(segments_.back()->base() <= end);
  CHECK(syncer_->durable().value() <= syncer_->acknowledged().value() && syncer_->acknowledged().value() <= end);
  if (truncating_) return;
  CHECK(segments_.front()->base() <= start_);
  CHECK(start_ <= high_watermark_);
  CHECK(high_watermark_ <= end);
  CHECK(recovery_point_ <= syncer_->durable().value());
  CHECK(producers_.end_offset() >= end);
  const auto& epochs = epochs_.epochs().entries();
  CHECK(epochs.empty() || (start_ <= epochs.front().start_offset && epochs.back().start_offset <= end));
}

}  // namespace thalweg::storage
