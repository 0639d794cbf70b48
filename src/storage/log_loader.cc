#include "storage/log_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "storage/checkpoint_file.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {
namespace {

// Whether `found` is what may be there after a power loss while `written` was on its way: some of its bytes.
bool is_torn(std::string_view found, std::string_view written) {
  if (found.size() > written.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != written[i] && found[i] != '\0') return false;
  return true;
}

}  // namespace

Task<Result<LogPtr>> Log::open(const Shard& shard, LogOptions options) {
  const Offset recovery_point = options.recovery_point, log_start = options.log_start;
  const Offset high_watermark = options.high_watermark;
  const bool clean = options.clean_shutdown;
  if (!options.files) options.files = std::make_shared<FileCache>(shard.disk, 64);
  auto log = std::make_shared<Log>(Opening{}, shard, std::move(options));
  LogLoader loader(*log, recovery_point, clean, log_start, high_watermark);
  CO_TRY_VOID(co_await loader.load());
  co_return log;
}

Task<Result<>> LogLoader::load() {
  CO_TRY_VOID(disk().make_directory(log_.directory_));
  CO_TRY_VOID(settle_topic_id());
  CO_TRY_VOID(finish_swaps());
  CO_TRY_VOID(open_segments());
  CO_TRY_VOID(check_segments());
  if (end_ < recovery_point_)
    co_return fail(ErrorCode::kKafkaStorageError,
                   fmt::format("{} ends at offset {} although everything below {} was synced: records are missing",
                               log_.directory_, end_.value, recovery_point_.value));
  log_.end_.reset(end_);
  log_.durable_.reset(end_);
  CO_TRY_VOID(load_epochs());
  CO_TRY_VOID(settle_start());
  log_.set_high_watermark(high_watermark_);
  CO_TRY_VOID(log_.rebuild_producers(clean_ ? end_ : std::min(recovery_point_, end_), clean_ ? end_ : recovery_point_));
  log_.recovery_point_ = std::min(clean_ ? log_.end_.value() : recovery_point_, log_.end_.value());
  // A clean stop leaves a log that never had a record unsynced, and its first append has to make up for it.
  if (clean_ && end_ == Offset{0}) log_.folder_unsynced_ = log_.names_unsynced_ = true;
  if (clean_ || fresh_) co_return Result<>{};
  auto synced = co_await sync_unchecked();
  if (!synced && !Disk::is_out_of_files(synced.error())) log_.sync_failed(synced.error());
  co_return synced;
}

// What a crash left in the page cache is not on disk yet, and it must be before durable() may say so.
Task<Result<>> LogLoader::sync_unchecked() {
  const std::string marker = log_.directory_ + "/" + std::string(kSyncFailedFile);
  const bool write_again = disk().exists(marker);
  for (std::size_t i = log_.segments_.size(); i-- > 0;) {
    if (log_.segment_end(i) <= log_.recovery_point_) break;
    CO_TRY(const FilePtr file, log_.files_->open(log_.segments_[i]->path()));
    if (write_again) CO_TRY_VOID(rewrite(*file));
    CO_TRY_VOID(co_await file->sync());
  }
  if (recovery_point_ == Offset{0}) CO_TRY_VOID(co_await sync_folder(write_again));
  CO_TRY_VOID(disk().remove(marker));
  CO_TRY_VOID(co_await disk().sync_directory(log_.directory_));
  log_.names_unsynced_ = false;
  co_return Result<>{};
}

// Before the first checkpoint nobody knows that the folder's name is on disk, and whose it is.
Task<Result<>> LogLoader::sync_folder(bool write_again) {
  const std::string metadata = log_.directory_ + "/" + std::string(kPartitionMetadataFile);
  if (write_again && disk().exists(metadata)) {
    CO_TRY(const FilePtr file, disk().open(metadata, OpenMode::kReadWrite));
    CO_TRY_VOID(rewrite(*file));
  }
  CO_TRY_VOID(co_await log_.sync_folder());
  log_.folder_unsynced_ = false;
  co_return Result<>{};
}

// The same bytes in the same place and the same length, so that the kernel has to write them. The length, too: it may
// have been a truncation whose sync failed, and then the longer file would come back with a power loss.
Result<> LogLoader::rewrite(File& file) {
  std::vector<std::byte> bytes(1 << 20);
  for (std::uint64_t at = 0; at < file.size(); at += bytes.size()) {
    TRY(const std::size_t n, file.read_now(at, bytes));
    TRY_VOID(file.write(at, BytesView(bytes).first(n)));
  }
  return file.truncate(file.size());
}

Result<> LogLoader::settle_topic_id() {
  const std::string path = log_.directory_ + "/" + std::string(kPartitionMetadataFile);
  if (disk().exists(path)) {
    TRY(const SharedBytes text, disk().read_file(path));
    const auto stored = parse_partition_metadata(text.text());
    if (stored && !log_.topic_id_.is_zero() && *stored != log_.topic_id_)
      return fail(ErrorCode::kInconsistentTopicId, fmt::format("{} belongs to topic id {}, not {}", log_.directory_,
                                                               to_string(*stored), to_string(log_.topic_id_)));
    if (stored) log_.topic_id_ = *stored;
    if (stored) return {};
    // It is on disk before the first record counts. What a power loss before that leaves of it, maybe beside records
    // that nobody was told of, is a part of what it says again now; anything else is damage.
    if (log_.topic_id_.is_zero() || !is_torn(text.text(), print_partition_metadata(log_.topic_id_)))
      return fail(ErrorCode::kKafkaStorageError, path + ": " + stored.error().message);
  }
  if (log_.topic_id_.is_zero()) return {};
  TRY(const FilePtr file, disk().open(path, OpenMode::kTruncate));
  log_.folder_unsynced_ = true;
  return file->write(0, as_bytes(print_partition_metadata(log_.topic_id_)));
}

Result<> LogLoader::finish_swaps() {
  TRY(const auto files, disk().list(log_.directory_));
  const auto has = [&](std::string_view suffix) {
    return std::ranges::any_of(files, [&](const auto& f) { return f.name.ends_with(suffix); });
  };
  // A .cleaned beside a .swap: the swap of a split segment had not begun, so its .swap files are not complete either.
  const bool swap_complete = !has(kCleanedSuffix);
  for (const DirectoryEntry& entry : files) {
    const std::string path = log_.directory_ + "/" + entry.name;
    if (entry.name.ends_with(kDeletedSuffix) || entry.name.ends_with(kCleanedSuffix) || entry.name.ends_with(".tmp") ||
        (entry.name.ends_with(kSwapSuffix) && !swap_complete))
      TRY_VOID(disk().remove(path));
  }
  if (!swap_complete) return {};
  for (const DirectoryEntry& entry : files)
    if (const auto base = parse_segment_file(entry.name, std::string(kLogSuffix) + std::string(kSwapSuffix)))
      TRY_VOID(swap_in(*base));
  return {};
}

// The segments that the swapped-in one covers, by their base offsets, make room for it. Its indexes are made again.
Result<> LogLoader::swap_in(Offset base) {
  const std::string path = segment_file(log_.directory_, base, kLogSuffix);
  const std::string swap = path + std::string(kSwapSuffix);
  TRY(const FilePtr file, disk().open(swap, OpenMode::kRead));
  BatchScanner scanner(file, 0, file->size());
  Offset end = base + 1;
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) TRY_VOID(scanner.fill_now());
    TRY(const BatchHeader header, scanner.next());
    end = header.last + 1;
  }
  TRY(const auto files, disk().list(log_.directory_));
  for (const DirectoryEntry& entry : files) {
    for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
      const auto covered = parse_segment_file(entry.name, suffix);
      if (covered && *covered >= base && *covered < end) TRY_VOID(disk().remove(log_.directory_ + "/" + entry.name));
    }
  }
  const std::string txn = segment_file(log_.directory_, base, kTxnIndexSuffix);
  if (disk().exists(txn + std::string(kSwapSuffix))) TRY_VOID(disk().rename(txn + std::string(kSwapSuffix), txn));
  for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix})
    TRY_VOID(disk().remove(segment_file(log_.directory_, base, suffix) + std::string(kSwapSuffix)));
  return disk().rename(swap, path);
}

Result<> LogLoader::open_segments() {
  TRY(const auto files, disk().list(log_.directory_));
  const Timestamp now = log_.shard_.clock.wall();
  const auto name_of = [](const DirectoryEntry& e) { return e.name; };
  for (const DirectoryEntry& entry : files) {
    if (const auto base = parse_segment_file(entry.name, kLogSuffix)) {
      log_.segments_.push_back(std::make_shared<LogSegment>(*log_.files_, log_.directory_, *base, now));
      const auto txn = segment_file("", *base, kTxnIndexSuffix).substr(1);
      if (std::ranges::binary_search(files, txn, {}, name_of)) TRY_VOID(log_.segments_.back()->aborted().load());
    }
    for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
      const auto base = parse_segment_file(entry.name, suffix);
      if (!base || std::ranges::binary_search(files, segment_file("", *base, kLogSuffix).substr(1), {}, name_of))
        continue;
      log::warn("index without a segment removed", field("directory", log_.directory_), field("file", entry.name));
      TRY_VOID(disk().remove(log_.directory_ + "/" + entry.name));
    }
  }
  log_.untouched_ = clean_ && !log_.segments_.empty();
  if (log_.segments_.empty()) {
    TRY(auto first, log_.new_segment(log_start_, now));
    log_.segments_.push_back(std::move(first));
    fresh_ = log_.folder_unsynced_ = true;  // costs no sync before the first append, which makes it durable
  }
  return {};
}

Error LogLoader::damaged(const LogSegment& segment, std::uint64_t position, const Error& why) const {
  return {
      ErrorCode::kKafkaStorageError,
      fmt::format("{} is damaged at position {}: {}. It lies {}, so it is not repaired; restore the file from another "
                  "replica or a backup, or remove the folder if other replicas have the data",
                  segment.path(), position, why.message,
                  clean_ ? "in a log that was closed cleanly"
                         : fmt::format("below the recovery point {}", recovery_point_.value))};
}

Result<> LogLoader::check_segments() {
  for (std::size_t i = 0; i < log_.segments_.size(); ++i) {
    LogSegment& segment = *log_.segments_[i];
    const bool last = i + 1 == log_.segments_.size();
    TRY(const bool indexed, segment.load());
    // Segments that are not the last have at least one entry of time, unless no batch has a timestamp.
    const bool timed = last || segment.size() == 0 || segment.time_index().entries() > 0;
    const bool trusted = clean_ || (!last && log_.segments_[i + 1]->base() <= recovery_point_);
    if (!trusted || !indexed || !timed) {
      log_.untouched_ = false;
      TRY_VOID(rebuild_segment(i));  // may drop the segments after it
      continue;
    }
    if (!last) continue;
    auto end = segment.find_next_offset();
    if (!end && end.error().code == ErrorCode::kCorruptMessage) {
      TRY_VOID(rebuild_segment(i));  // an index that names a place inside a batch, or damage
      continue;
    }
    TRY(end_, std::move(end));
  }
  return {};
}

Result<> LogLoader::rebuild_segment(std::size_t i) {
  LogSegment& segment = *log_.segments_[i];
  const Offset checked_below = clean_ ? Offset{std::numeric_limits<std::int64_t>::max()} : recovery_point_;
  Offset end = segment.base();
  TRY(const auto rebuilt,
      segment.rebuild(checked_below, log_.config_.index_interval_bytes, [&](const BatchHeader& header) -> Result<> {
        end = header.last + 1;
        const bool newer = seen_epochs_.empty() || header.leader_epoch > seen_epochs_.back().epoch;
        if (newer && header.leader_epoch.value >= 0) seen_epochs_.push_back({header.leader_epoch, header.base});
        return {};
      }));
  end_ = end;
  const bool last = i + 1 == log_.segments_.size();
  if (rebuilt.damage) {
    if (clean_ || end < recovery_point_) return std::unexpected(damaged(segment, rebuilt.sound_size, *rebuilt.damage));
    TRY_VOID(cut_torn_end(i, rebuilt));
  } else if (const bool gap = !last && end < log_.segments_[i + 1]->base();
             gap && !clean_ && end >= recovery_point_ && !log_.config_.cleanup_compact) {
    // The end of this file never reached the disk, though the next one did. Only compaction leaves gaps on purpose.
    TRY_VOID(cut_torn_end(
        i, {segment.size(), Error{ErrorCode::kCorruptMessage, "records before the next segment are missing"}}));
  } else if (!last && end > log_.segments_[i + 1]->base()) {
    return fail(ErrorCode::kKafkaStorageError, segment.path() + " reaches beyond the next segment's first offset");
  }
  if (i + 1 < log_.segments_.size()) TRY_VOID(segment.finish());
  if (!clean_) TRY_VOID(segment.aborted().truncate_to(recovery_point_));
  return {};
}

Result<> LogLoader::cut_torn_end(std::size_t i, const LogSegment::Rebuilt& rebuilt) {
  LogSegment& segment = *log_.segments_[i];
  log::warn("torn end of log cut", field("partition", log_.partition_), field("file", segment.path()),
            field("from_size", segment.size()), field("to_size", rebuilt.sound_size), field("reason", *rebuilt.damage),
            field("segments_after", log_.segments_.size() - i - 1));
  TRY_VOID(segment.undo_write(rebuilt.sound_size));
  std::vector<Log::SegmentPtr> gone(log_.segments_.begin() + static_cast<std::ptrdiff_t>(i + 1), log_.segments_.end());
  log_.segments_.resize(i + 1);
  return log_.take_away(std::move(gone));
}

Result<> LogLoader::load_epochs() {
  const std::string path = log_.directory_ + "/" + std::string(kLeaderEpochFile);
  if (disk().exists(path)) {
    TRY(const SharedBytes text, disk().read_file(path));
    auto epochs = LeaderEpochCache::parse(text.text());
    if (epochs) log_.epochs_ = *std::move(epochs);
    if (!epochs) TRY_VOID(rebuild_epochs(path, epochs.error()));
  }
  // Above the recovery point the batches alone tell: what the file says there may have been truncated and followed by
  // records of older epochs.
  if (!clean_) log_.epochs_unwritten_ |= log_.epochs_.truncate_from_end(recovery_point_);
  for (const EpochEntry& seen : seen_epochs_) {
    const auto latest = log_.epochs_.latest();
    if (!latest || seen.epoch > latest->epoch)
      log_.epochs_unwritten_ |= log_.epochs_.assign(seen.epoch, seen.start_offset);
  }
  log_.epochs_unwritten_ |= log_.epochs_.truncate_from_end(end_);
  return {};
}

// Every batch says its epoch; only an epoch without a batch is lost, and nobody has a record of it.
Result<> LogLoader::rebuild_epochs(const std::string& path, const Error& why) {
  log::warn("leader epochs are damaged, making them again from the batches", field("file", path), field("reason", why));
  for (const auto& segment : log_.segments_)
    TRY_VOID(segment->for_each_header(segment->base(), [&](const BatchHeader& header) -> Result<> {
      const auto latest = log_.epochs_.latest();
      if (header.leader_epoch.value >= 0 && (!latest || header.leader_epoch > latest->epoch))
        log_.epochs_.assign(header.leader_epoch, header.base);
      return {};
    }));
  log_.epochs_unwritten_ = true;
  return {};
}

Result<> LogLoader::settle_start() {
  const Offset first = log_.segments_.front()->base();
  log_.start_ = std::max(log_start_, first);
  if (log_.start_ > end_) {
    // Records below the start were deleted on request; a crash then took the rest, which was never acknowledged.
    const Offset start = log_.start_;
    TRY_VOID(log_.take_away(std::exchange(log_.segments_, {})));
    TRY(auto fresh, log_.new_segment(start, log_.shard_.clock.wall()));
    log_.segments_.push_back(std::move(fresh));
    end_ = start;
    log_.end_.reset(start);
    log_.durable_.reset(start);
    log_.epochs_.clear();
    log_.epochs_unwritten_ = true;
  }
  log_.epochs_unwritten_ |= log_.epochs_.truncate_from_start(log_.start_);
  return {};
}

}  // namespace thalweg::storage
