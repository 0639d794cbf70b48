// Appending, syncing and the offsets of a Log. Reading is in log_read.cc, what shortens or moves it in log_change.cc.
#include "storage/log.h"

#include <algorithm>

#include "base/log.h"
#include "storage/checkpoint_file.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {
namespace {
// Up to here a batch is copied once more so that it goes out in one write; beyond, two writes are cheaper than the
// copy.
constexpr std::size_t kCopyMax = 16 << 10;
constexpr Millis kSyncAgainAfter{100};  // when there was no descriptor for it

std::optional<record::Codec> wanted_codec(CompressionPolicy policy) {
  if (policy == CompressionPolicy::kProducer) return std::nullopt;
  return static_cast<record::Codec>(policy);
}

std::optional<int> wanted_level(const LogConfig& config) {
  switch (config.compression_type) {
    case CompressionPolicy::kGzip:
      return config.compression_gzip_level;
    case CompressionPolicy::kLz4:
      return config.compression_lz4_level;
    case CompressionPolicy::kZstd:
      return config.compression_zstd_level;
    default:
      return std::nullopt;
  }
}
}  // namespace

Log::Log(Opening, const Shard& shard, LogOptions options)
    : shard_(shard),
      directory_(std::move(options.directory)),
      partition_(std::move(options.partition)),
      topic_id_(options.topic_id),
      files_(std::move(options.files)),
      config_(std::move(options.config)),
      sync_every_append_(options.sync_every_append),
      lower_recovery_point_(std::move(options.lower_recovery_point)),
      end_(shard.clock),
      durable_(shard.clock) {}

Log::~Log() = default;

// ---- Appending

Result<> Log::check_writable() const {
  if (offline_) return std::unexpected(*offline_);
  if (closed_) return fail(ErrorCode::kKafkaStorageError, directory_ + ": log is closed");
  return {};
}

Error Log::failed(Error why) {
  if (!Disk::is_passing(why)) take_offline(why);
  return why;
}

void Log::take_offline(Error why) {
  if (offline_) return;
  log::error("log offline", field("partition", partition_), field("directory", directory_), field("reason", why));
  offline_ = std::move(why);
  durable_.fail();
  end_.fail();
}

void Log::retire() {
  closed_ = retired_ = true;
  durable_.fail();
  end_.fail();
  for (const auto& segment : segments_) segment->forget_files();
}

ValidationOptions Log::validation(const AppendOptions& options, Timestamp now) const {
  ValidationOptions rules;
  rules.next_offset = end_.value();
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
  rules.codec = wanted_codec(config_.compression_type);
  rules.compression_level = wanted_level(config_);
  return rules;
}

AppendResult Log::append_as_leader(SharedBytes records, const AppendOptions& options) {
  TRY_VOID(check_writable());
  const Timestamp now = shard_.clock.wall();
  TRY(const ValidatedBatch valid, validate_for_append(records, validation(options, now)));
  TRY(const record::BatchView sent, record::BatchView::at(records));
  TRY(const ProducerVerdict verdict, producers_.check(sent, options.origin));
  if (const auto& original = verdict.duplicate)
    return AppendInfo{original->first_offset(), original->last_offset, original->timestamp, start_, true};

  TRY_VOID(roll_if_due(valid.size(), valid.max_timestamp, valid.first, valid.last, now));
  TRY(const BatchHeader header, BatchHeader::read(valid.header, active().size()));
  // The producer state wants the batch as it lies in the log; unless it was changed, the request's bytes say the same.
  const bool changed = valid.rebuilt || valid.stamped;
  const SharedBytes flat = changed || valid.size() <= kCopyMax ? valid.flat() : SharedBytes();
  if (auto written = flat.empty() ? active().write({valid.header, valid.body}) : active().write({flat}); !written)
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

AppendResult Log::append_as_follower(SharedBytes records) {
  TRY_VOID(check_writable());
  TRY(const ReplicatedBatches checked, check_replicated(records, end_.value()));
  if (checked.batches.empty()) return AppendInfo{end_.value(), end_.value() - 1, kNoTimestamp, start_, false};
  const Timestamp now = shard_.clock.wall();
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
    if (auto written = active().write({BytesView(head.bytes().data(), bytes)}); !written)
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

// The batch is in the file: everything derived from it follows.
Result<> Log::note_appended(const record::BatchView& batch, const BatchHeader& header) {
  TRY(const auto completed, producers_.update(batch, header.base));
  if (completed && completed->aborted) active().aborted().append(AbortedTransaction::of(*completed));
  active().note(header, config_.index_interval_bytes);
  const auto latest = epochs_.latest();
  if (header.leader_epoch.value >= 0 && (!latest || header.leader_epoch > latest->epoch))
    epochs_unwritten_ |= epochs_.assign(header.leader_epoch, header.base);
  else if (latest && latest->start_offset == header.base)
    epochs_unwritten_ = true;  // the first batch of an epoch that start_epoch() announced
  return {};
}

void Log::finish_append(Offset end) {
  untouched_ = false;
  producers_.advance_end(end);
  end_.advance(end);
  if (sync_every_append_ || end_.value() - durable_.value() >= config_.flush_messages) {
    request_sync();
  } else if (config_.flush_ms < LogConfig::kForever && !flush_planned_) {
    flush_planned_ = true;
    spawn(shard_, sync_after(shared_from_this(), config_.flush_ms));
  }
}

Result<> Log::roll_if_due(std::size_t bytes, Timestamp max_timestamp, Offset first, Offset last, Timestamp now) {
  if (!active().should_roll(config_, roll_jitter_, bytes, max_timestamp, last, now)) return {};
  auto rolled = roll(first, now);
  if (!rolled) return std::unexpected(failed(rolled.error()));
  return {};
}

// ---- Syncing

void Log::request_sync() {
  if (syncing_ || offline_ || retired_) return;
  syncing_ = true;
  spawn(shard_, sync_loop(shared_from_this()));
}

Task<> Log::sync_after(LogPtr log, Millis delay) {
  co_await log->shard_.clock.sleep_for(delay);
  log->flush_planned_ = false;
  if (!log->closed_) log->request_sync();
}

// One loop per log with something to sync; what is appended while a sync runs waits for the next, together.
Task<> Log::sync_loop(LogPtr log) {
  while (!log->offline_ && !log->retired_ && (log->durable_.value() < log->end_.value() || log->names_unsynced_)) {
    const auto synced = co_await log->sync_once();
    if (!synced && Disk::is_out_of_files(synced.error())) {
      // Nothing was asked of the disk yet. Who waits for durable() waits longer.
      log->folder_unsynced_ = log->names_unsynced_ = true;
      co_await log->shard_.clock.sleep_for(kSyncAgainAfter);
      continue;
    }
    // After one failed fsync the next may succeed although the pages are gone. Never acknowledge again.
    if (!synced && !log->retired_) log->sync_failed(synced.error());
  }
  log->syncing_ = false;
}

void Log::sync_failed(const Error& why) {
  if (auto marked = shard_.disk.open(directory_ + "/" + std::string(kSyncFailedFile), OpenMode::kCreate); !marked)
    log::error("failed sync not marked", field("directory", directory_), field("reason", marked.error()));
  take_offline(why);
}

// The name of the folder, and whose it is.
Task<Result<>> Log::sync_folder() {
  const std::string metadata = directory_ + "/" + std::string(kPartitionMetadataFile);
  if (shard_.disk.exists(metadata)) {
    CO_TRY(const FilePtr file, shard_.disk.open(metadata, OpenMode::kReadWrite));
    CO_TRY_VOID(co_await file->sync());
  }
  co_return co_await shard_.disk.sync_directory(directory_.substr(0, directory_.rfind('/')));
}

Task<Result<>> Log::sync_once() {
  const Offset target = end_.value();
  const std::uint64_t cuts = cuts_;
  if (folder_unsynced_) {
    folder_unsynced_ = false;
    CO_TRY_VOID(co_await sync_folder());
  }
  if (names_unsynced_) {
    names_unsynced_ = false;
    CO_TRY_VOID(co_await shard_.disk.sync_directory(directory_));
  }
  std::vector<SegmentPtr> unsynced;
  for (auto s = segments_.rbegin(); s != segments_.rend(); ++s) {
    if ((*s)->unsynced_file())
      unsynced.push_back(*s);
    else if (s != segments_.rbegin())
      break;  // the active one may be new and empty, with unsynced ones before it
  }
  // The oldest first, so that the unsynced ones are always the last ones, also when a truncation comes in between.
  std::ranges::reverse(unsynced);
  for (const SegmentPtr& segment : unsynced) {
    const std::uint64_t changes = segment->changes();
    const FilePtr file = segment->unsynced_file();
    if (!file) continue;  // removed meanwhile
    CO_TRY_VOID(co_await file->sync());
    segment->set_synced(changes);
  }
  if (cuts == cuts_ && !offline_) durable_.advance(target);
  co_return Result<>{};
}

Task<Result<>> Log::flush() {
  const LogPtr self = shared_from_this();
  if (end_.value() > durable_.value()) {
    request_sync();
    const bool done = co_await durable_.reached(end_.value(), shard_.clock.now() + std::chrono::hours(24));
    if (!done && offline_) co_return std::unexpected(*offline_);
  }
  if (offline_) co_return std::unexpected(*offline_);
  co_return Result<>{};
}

Task<Result<>> Log::write_epochs() {
  if (!epochs_unwritten_) co_return Result<>{};
  epochs_unwritten_ = false;
  auto written = co_await shard_.disk.replace_file(directory_ + "/" + std::string(kLeaderEpochFile),
                                                   SharedBytes::copy_of(std::string_view(epochs_.print())));
  if (!written) epochs_unwritten_ = true;
  co_return written;
}

// With the names in the folder, which write_epochs() makes durable as well.
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
  if (epochs_unwritten_ || retired_) co_return Result<>{};
  co_return co_await shard_.disk.sync_directory(directory_);
}

Task<Result<>> Log::checkpoint() {
  const LogPtr self = shared_from_this();
  while (checkpointing_) {
    const OneShot<bool> turn;
    checkpoint_waiters_.push_back(turn);
    co_await turn.wait();
  }
  checkpointing_ = true;
  auto done = co_await checkpoint_alone();
  checkpointing_ = false;
  for (const auto& waiter : std::exchange(checkpoint_waiters_, {})) waiter.set(true);
  co_return done;
}

Task<Result<>> Log::checkpoint_alone() {
  CO_TRY_VOID(co_await flush());
  if (retired_) co_return Result<>{};  // the folder may be another log's by now
  const Offset reached = durable_.value();
  const std::uint64_t cuts = cuts_;
  if (recovery_point_ == reached && !epochs_unwritten_) co_return Result<>{};
  std::vector<SegmentPtr> above;
  for (std::size_t i = segments_.size(); i-- > 0 && (i + 1 == segments_.size() || segment_end(i) > recovery_point_);) {
    above.push_back(segments_[i]);
    if (auto flushed = segments_[i]->flush_indexes(); !flushed) co_return std::unexpected(failed(flushed.error()));
  }
  if (auto synced = co_await sync_side_files(std::move(above)); !synced) {
    // As final as a log file's, also when it is for lack of room; only a file that could not be opened changes nothing.
    if (!retired_ && !Disk::is_out_of_files(synced.error())) sync_failed(synced.error());
    co_return synced;
  }
  if (retired_) co_return Result<>{};
  // The old file stays when this fails, so a full disk means no more than: later.
  if (auto written = co_await write_epochs(); !written) {
    if (!retired_ && !Disk::is_passing(written.error())) sync_failed(written.error());
    co_return written;
  }
  if (cuts == cuts_ && !truncating_) recovery_point_ = std::max(recovery_point_, reached);
  co_return Result<>{};
}

// No record was ever here: nothing on disk is worth a sync, and what is missing there is made again.
bool Log::has_nothing() const {
  return segments_.size() == 1 && segments_.front()->size() == 0 && !segments_.front()->unsynced_file() &&
         end_.value() == Offset{0};
}

Task<Result<>> Log::close() {
  const LogPtr self = shared_from_this();
  if (closed_) co_return Result<>{};
  closed_ = true;
  if (offline_) co_return std::unexpected(*offline_);
  if ((untouched_ && !epochs_unwritten_ && !names_unsynced_) || has_nothing()) co_return Result<>{};
  CO_TRY_VOID(active().finish());
  CO_TRY_VOID(write_snapshot(end_.value()));
  CO_TRY(const FilePtr snapshot, shard_.disk.open(snapshot_path(end_.value()), OpenMode::kReadWrite));
  CO_TRY_VOID(co_await snapshot->sync());
  epochs_unwritten_ = true;
  co_return co_await checkpoint();
}

// ---- Offsets

LogOffsets Log::offsets() const {
  return {start_, end_.value(), durable_.value(), high_watermark_, last_stable_offset()};
}

Offset Log::last_stable_offset() const {
  // The start of the log may have moved beyond where an open transaction began.
  return std::min(std::max(producers_.first_unstable_offset().value_or(high_watermark_), start_), high_watermark_);
}

void Log::set_high_watermark(Offset offset) {
  high_watermark_ = std::clamp(offset, start_, end_.value());
  producers_.on_high_watermark(high_watermark_);
}

void Log::start_epoch(LeaderEpoch epoch) {
  const auto latest = epochs_.latest();
  if (epoch.value < 0 || (latest && epoch <= latest->epoch)) return;
  epochs_.assign(epoch, end_.value());  // written once there is a batch of it; until then a restart may forget it
}

EpochEnd Log::end_offset_for_epoch(LeaderEpoch epoch) const { return epochs_.end_offset_for(epoch, end_.value()); }
LeaderEpoch Log::latest_epoch() const {
  const auto latest = epochs_.latest();
  return latest ? latest->epoch : kNoLeaderEpoch;
}
LeaderEpoch Log::epoch_of(Offset offset) const { return epochs_.epoch_at(offset).value_or(kNoLeaderEpoch); }

std::uint64_t Log::size_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& segment : segments_) sum += segment->size();
  return sum;
}

}  // namespace thalweg::storage
