#include "storage/log_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "runtime/write_again.h"
#include "runtime/yielding.h"
#include "storage/checkpoint_file.h"
#include "storage/partition_metadata_file.h"
#include "storage/producer_recovery.h"
#include "storage/recovery_rules.h"
#include "storage/segment_files.h"

namespace thalweg::storage {
namespace {

constexpr std::uint64_t kCopied = 1 << 20;  // at a time

// Whether `found` is what may be there after a power loss while `written` was on its way: some of its bytes.
bool is_torn(std::string_view found, std::string_view written) {
  if (found.size() > written.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != written[i] && found[i] != '\0') return false;
  return true;
}

}  // namespace

LogLoader::LogLoader(const Shard& shard, const LogOptions& options)
    : shard_(shard), options_(options), recovery_point_(options.recovery_point), clean_(options.clean_shutdown) {
  log_.topic_id = options.topic_id;
}

Task<Result<LoadedLog>> LogLoader::load() {
  if (!disk().exists(directory())) {
    CO_TRY_VOID(disk().make_directory(directory()));
    co_return begin_blank();
  }
  CO_TRY(const auto files, disk().list(directory()));
  if (files.empty()) co_return begin_blank();
  // As an earlier recovery left it; this one may add to it (cut_end).
  log_.recovered.records_missing = std::ranges::find(files, kRecordsMissingFile, &DirectoryEntry::name) != files.end();
  CO_TRY_VOID(settle_topic_id());
  CO_TRY_VOID(co_await finish_swaps(files));
  CO_TRY_VOID(open_segments());
  CO_TRY_VOID(co_await check_segments());
  CO_TRY_VOID(check_end());
  CO_TRY_VOID(load_epochs());
  CO_TRY_VOID(settle_start());
  log_.high_watermark = std::clamp(options_.high_watermark, log_.start, log_.end);
  log_.recovery_point = clean_ ? log_.end : recovery_point_;
  ProducerRecovery from{.directory = directory(),
                        .segments = log_.segments,
                        .end = log_.end,
                        .high_watermark = log_.high_watermark,
                        .snapshot_limit = log_.recovery_point,
                        .index_from = log_.recovery_point};
  CO_TRY_VOID(co_await recover_producers(shard_, std::move(from), log_.producers));
  const SyncStep sync = step_for(SyncState{.clean = clean_, .fresh = fresh_, .empty = log_.end == Offset{0}});
  if (sync.later) log_.unsynced = {.folder = true, .files = true};
  if (sync.now) {
    if (auto synced = co_await sync_unchecked(); !synced) {
      if (!Disk::is_out_of_files(synced.error())) mark_failed_sync(disk(), directory());
      co_return std::unexpected(synced.error());
    }
  }
  co_return std::move(log_);
}

Result<> LogLoader::check_end() const {
  if (log_.end >= recovery_point_) return {};
  return fail(ErrorCode::kKafkaStorageError,
              fmt::format("{} ends at offset {} although everything below {} was synced: records are missing",
                          directory(), log_.end.value, recovery_point_.value));
}

Result<LoadedLog> LogLoader::begin_blank() {
  const Offset at = options_.log_start;
  log_.segments.push_back(std::make_shared<LogSegment>(*options_.files, directory(), at, shard_.clock.wall()));
  log_.start = log_.end = log_.high_watermark = at;
  TRY_VOID(check_end());
  log_.recovery_point = clean_ ? at : recovery_point_;
  log_.producers.clear(at);
  log_.unsynced = {.folder = true, .files = true};
  log_.blank = true;
  return std::move(log_);
}

// ---- What is on disk

// What a crash left in the page cache is not on disk yet, and it must be before durable() may say so.
Task<Result<>> LogLoader::sync_unchecked() {
  const std::string marker = directory() + "/" + std::string(kSyncFailedFile);
  const bool again = disk().exists(marker);
  for (std::size_t i = log_.segments.size(); i-- > 0;) {
    // The last one may have been cut behind the recovery point, and what follows may go into another file: a cut that a
    // power loss takes back would end the log there.
    const bool is_last = i + 1 == log_.segments.size();
    if (segment_end(i) <= log_.recovery_point && !is_last) break;
    LogSegment& segment = *log_.segments[i];
    CO_TRY(const FilePtr file, options_.files->open(segment.path()));
    if (again) CO_TRY_VOID(co_await write_again(file));
    CO_TRY_VOID(co_await file->sync());
    segment.set_synced(segment.changes());
  }
  if (recovery_point_ == Offset{0}) CO_TRY_VOID(co_await sync_whose_folder(again));
  CO_TRY_VOID(disk().remove(marker));
  CO_TRY_VOID(co_await disk().sync_directory(directory()));
  log_.unsynced.files = false;
  co_return Result<>{};
}

// Before the first checkpoint nobody knows that the folder's name is on disk, and whose it is.
Task<Result<>> LogLoader::sync_whose_folder(bool again) {
  const std::string metadata = directory() + "/" + std::string(kPartitionMetadataFile);
  if (again && disk().exists(metadata)) {
    CO_TRY(const FilePtr file, disk().open(metadata, OpenMode::kReadWrite));
    CO_TRY_VOID(co_await write_again(file));
  }
  CO_TRY_VOID(co_await sync_folder(disk(), directory()));
  log_.unsynced.folder = false;
  co_return Result<>{};
}

Result<> LogLoader::settle_topic_id() {
  const std::string path = directory() + "/" + std::string(kPartitionMetadataFile);
  Uuid& id = log_.topic_id;
  if (disk().exists(path)) {
    TRY(const SharedBytes text, disk().read_file(path));
    const auto stored = parse_partition_metadata(text.text());
    if (stored && !id.is_zero() && *stored != id)
      return fail(ErrorCode::kInconsistentTopicId,
                  fmt::format("{} belongs to topic id {}, not {}", directory(), to_string(*stored), to_string(id)));
    if (stored) id = *stored;
    if (stored) return {};
    // It is on disk before the first record counts. What a power loss before that leaves of it, maybe beside records
    // that nobody was told of, is a part of what it says again now; anything else is damage.
    if (id.is_zero() || !is_torn(text.text(), print_partition_metadata(id)))
      return fail(ErrorCode::kKafkaStorageError, path + ": " + stored.error().message);
  }
  if (id.is_zero()) return {};
  log_.unsynced.folder = true;
  return write_partition_metadata(disk(), directory(), id);
}

// ---- Kafka's file swaps

Task<Result<>> LogLoader::finish_swaps(const std::vector<DirectoryEntry>& files) {
  log_.gaps_marked = std::ranges::find(files, kGapsFile, &DirectoryEntry::name) != files.end();
  const auto has = [&](std::string_view suffix) {
    return std::ranges::any_of(files, [&](const auto& f) { return f.name.ends_with(suffix); });
  };
  // A .cleaned beside a .swap: not all files had their second name, so the segments that they replace are all there.
  const bool swap_complete = !has(kCleanedSuffix);
  for (const DirectoryEntry& entry : files) {
    const std::string path = directory() + "/" + entry.name;
    if (entry.name.ends_with(kDeletedSuffix) || entry.name.ends_with(kCleanedSuffix) || entry.name.ends_with(".tmp") ||
        (entry.name.ends_with(kSwapSuffix) && !swap_complete))
      CO_TRY_VOID(disk().remove(path));
  }
  if (!swap_complete) co_return Result<>{};
  for (const DirectoryEntry& entry : files)
    if (const auto base = parse_segment_file(entry.name, std::string(kLogSuffix) + std::string(kSwapSuffix)))
      CO_TRY_VOID(co_await swap_in(*base));
  // Left where the segment has its last name already: what is made again, and what is not.
  for (const DirectoryEntry& entry : files) {
    const std::string path = directory() + "/" + entry.name;
    if (!entry.name.ends_with(kSwapSuffix) || !disk().exists(path)) continue;
    const std::string last = path.substr(0, path.size() - kSwapSuffix.size());
    CO_TRY_VOID(last.ends_with(kTxnIndexSuffix) ? disk().rename(path, last) : disk().remove(path));
  }
  co_return Result<>{};
}

// The segments that the swapped-in one covers, by their base offsets, make room for it. Its indexes are made again.
// They are gone from the disk before it has its name: beside them it would overlap.
Task<Result<>> LogLoader::swap_in(Offset base) {
  const std::string path = segment_file(directory(), base, kLogSuffix);
  const std::string swap = path + std::string(kSwapSuffix);
  CO_TRY(const FilePtr file, disk().open(swap, OpenMode::kRead));
  BatchScanner scanner(file, 0, file->size());
  Offset end = base + 1;
  Pace pace(kBytesAtOnce);
  while (!scanner.at_end()) {
    if (scanner.needs_bytes()) CO_TRY_VOID(co_await scanner.fill());
    CO_TRY(const BatchHeader header, scanner.next());
    end = header.last + 1;
    if (pace.due(header.size)) co_await give_way();
  }
  CO_TRY(const auto files, disk().list(directory()));
  for (const DirectoryEntry& entry : files) {
    for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
      const auto covered = parse_segment_file(entry.name, suffix);
      if (covered && *covered >= base && *covered < end) CO_TRY_VOID(disk().remove(directory() + "/" + entry.name));
    }
  }
  CO_TRY_VOID(co_await disk().sync_directory(directory()));
  const std::string txn = segment_file(directory(), base, kTxnIndexSuffix);
  if (disk().exists(txn + std::string(kSwapSuffix))) CO_TRY_VOID(disk().rename(txn + std::string(kSwapSuffix), txn));
  for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix})
    CO_TRY_VOID(disk().remove(segment_file(directory(), base, suffix) + std::string(kSwapSuffix)));
  co_return disk().rename(swap, path);
}

// ---- Segments

Result<LogLoader::SegmentPtr> LogLoader::new_segment(Offset base) {
  auto segment = std::make_shared<LogSegment>(*options_.files, directory(), base, shard_.clock.wall());
  TRY_VOID(segment->create());
  log_.unsynced.files = true;
  return segment;
}

Result<> LogLoader::take_away(std::vector<SegmentPtr> segments) {
  log_.unsynced.files = true;
  return storage::take_away(shard_, directory(), segments, options_.config.file_delete_delay_ms);
}

Offset LogLoader::segment_end(std::size_t i) const {
  return i + 1 < log_.segments.size() ? log_.segments[i + 1]->base() : log_.end;
}

Result<> LogLoader::open_segments() {
  TRY(const auto files, disk().list(directory()));
  const Timestamp now = shard_.clock.wall();
  const auto name_of = [](const DirectoryEntry& e) { return e.name; };
  for (const DirectoryEntry& entry : files) {
    if (const auto base = parse_segment_file(entry.name, kLogSuffix)) {
      log_.segments.push_back(std::make_shared<LogSegment>(*options_.files, directory(), *base, now));
      const auto txn = segment_file("", *base, kTxnIndexSuffix).substr(1);
      if (std::ranges::binary_search(files, txn, {}, name_of)) TRY_VOID(log_.segments.back()->aborted().load());
    }
    for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
      const auto base = parse_segment_file(entry.name, suffix);
      if (!base || std::ranges::binary_search(files, segment_file("", *base, kLogSuffix).substr(1), {}, name_of))
        continue;
      log::warn("index without a segment removed", field("directory", directory()), field("file", entry.name));
      TRY_VOID(disk().remove(directory() + "/" + entry.name));
    }
  }
  log_.untouched = clean_ && !log_.segments.empty();
  if (log_.segments.empty()) {
    TRY(auto first, new_segment(options_.log_start));
    log_.segments.push_back(std::move(first));
    fresh_ = true;  // costs no sync before the first append, which makes it durable
  }
  return {};
}

Task<Result<>> LogLoader::check_segments() {
  for (std::size_t i = 0; i < log_.segments.size(); ++i) {
    LogSegment& segment = *log_.segments[i];
    const bool last = i + 1 == log_.segments.size();
    CO_TRY(const bool indexed, segment.load());
    // Segments that are not the last have at least one entry of time, unless no batch has a timestamp.
    const bool timed = last || segment.size() == 0 || segment.time_index().entries() > 0;
    const bool covered = !last && log_.segments[i + 1]->base() <= recovery_point_;
    switch (
        step_for(SegmentState{.clean = clean_, .last = last, .covered = covered, .indexes_fit = indexed && timed})) {
      case SegmentStep::kTake:
        break;
      case SegmentStep::kFindEnd:
        CO_TRY_VOID(co_await find_end(i));
        break;
      case SegmentStep::kRebuild:
        log_.untouched = false;
        CO_TRY_VOID(co_await rebuild_segment(i));  // may drop the segments after it
        break;
    }
  }
  co_return Result<>{};
}

Task<Result<>> LogLoader::find_end(std::size_t i) {
  auto end = log_.segments[i]->find_next_offset();
  // An index that names a place inside a batch, or damage.
  if (!end && end.error().code == ErrorCode::kCorruptMessage) co_return co_await rebuild_segment(i);
  CO_TRY(log_.end, std::move(end));
  co_return Result<>{};
}

Task<Result<>> LogLoader::rebuild_segment(std::size_t i) {
  LogSegment& segment = *log_.segments[i];
  const Offset checked_below = clean_ ? Offset{std::numeric_limits<std::int64_t>::max()} : recovery_point_;
  Offset end = segment.base();
  auto see = [&](const BatchHeader& header) -> Result<> {
    end = header.last + 1;
    const bool newer = seen_epochs_.empty() || header.leader_epoch > seen_epochs_.back().epoch;
    if (newer && header.leader_epoch.value >= 0) seen_epochs_.push_back({header.leader_epoch, header.base});
    return {};
  };
  // Only compaction leaves gaps on purpose.
  const bool dense = !options_.config.cleanup_compact && !log_.gaps_marked;
  CO_TRY(auto rebuilt, co_await segment.rebuild(checked_below, dense, options_.config.index_interval_bytes, see));
  log_.end = end;
  const bool last = i + 1 == log_.segments.size();
  // The end of this file may never have reached the disk, though the next one did.
  const bool gap = !last && end < log_.segments[i + 1]->base() && dense;
  if (!rebuilt.damage && gap && !clean_ && end >= recovery_point_)
    rebuilt = {segment.size(), Error{ErrorCode::kCorruptMessage, "records before the next segment are missing"}};
  if (rebuilt.damage)
    CO_TRY_VOID(co_await cut_end(i, std::move(rebuilt)));
  else if (!last && end > log_.segments[i + 1]->base())
    co_return fail(ErrorCode::kKafkaStorageError, segment.path() + " reaches beyond the next segment's first offset");
  if (i + 1 < log_.segments.size()) CO_TRY_VOID(segment.finish());
  if (!clean_) CO_TRY_VOID(segment.aborted().truncate_to(recovery_point_));
  co_return Result<>{};
}

// ---- Damage

Error LogLoader::damaged(const LogSegment& segment, std::uint64_t position, const Error& why) const {
  return {
      ErrorCode::kKafkaStorageError,
      fmt::format("{} is damaged at position {}: {}. It lies {}, so it is not repaired; restore the file from another "
                  "replica or a backup, or remove the folder if other replicas have the data",
                  segment.path(), position, why.message,
                  clean_ ? "in a log that was closed cleanly"
                         : fmt::format("below the recovery point {}", recovery_point_.value))};
}

Task<Result<>> LogLoader::cut_end(std::size_t i, LogSegment::Rebuilt rebuilt) {
  LogSegment& segment = *log_.segments[i];
  const std::uint64_t position = rebuilt.sound_size;
  DamageState state{.clean = clean_, .below_recovery_point = log_.end < recovery_point_};
  if (step_for(state) == DamageStep::kRefuse) co_return std::unexpected(damaged(segment, position, *rebuilt.damage));
  CO_TRY(const SoundBatches behind, co_await sound_behind(i, position, log_.end));
  state.sound_behind = behind.any();
  std::uint64_t bytes = segment.size() - position;
  for (std::size_t k = i + 1; k < log_.segments.size(); ++k) {
    CO_TRY(const FilePtr file, options_.files->open(log_.segments[k]->path()));
    bytes += file->size();
  }
  if (step_for(state) == DamageStep::kCutAndKeep) {
    CO_TRY_VOID(disk().open(directory() + "/" + std::string(kRecordsMissingFile), OpenMode::kCreate));
    log_.recovered.records_missing = true;
    CO_TRY_VOID(co_await keep_end(i, position));
    log_.recovered.damaged_bytes += bytes;
    log::error("log is damaged: records that were acknowledged may be missing", field("partition", options_.partition),
               field("file", segment.path()), field("position", position), field("reason", *rebuilt.damage),
               field("log_end", log_.end), field("bytes_cut", bytes), field("sound_batches_behind", behind.count),
               field("last_sound_offset", behind.last),
               field("kept_in", fmt::format("{}", fmt::join(log_.recovered.kept, ", "))),
               field("next_step", "check the disk; the records can be read from the files that were kept"));
  } else {
    log_.recovered.torn_bytes += bytes;
    log::warn("torn end of log cut", field("partition", options_.partition), field("file", segment.path()),
              field("from_size", segment.size()), field("to_size", position), field("reason", *rebuilt.damage),
              field("segments_after", log_.segments.size() - i - 1));
  }
  CO_TRY_VOID(segment.undo_write(position));
  std::vector<SegmentPtr> gone(log_.segments.begin() + static_cast<std::ptrdiff_t>(i + 1), log_.segments.end());
  log_.segments.resize(i + 1);
  co_return take_away(std::move(gone));
}

Task<Result<SoundBatches>> LogLoader::sound_behind(std::size_t i, std::uint64_t position, Offset from) {
  SoundBatches found;
  for (std::size_t k = i; k < log_.segments.size(); ++k) {
    CO_TRY(const FilePtr file, options_.files->open(log_.segments[k]->path()));
    CO_TRY(const auto here, co_await find_sound_batches(file, k == i ? position : 0, file->size(), from));
    found.add(here);
  }
  co_return found;
}

// On disk before anything is cut.
Task<Result<>> LogLoader::keep_end(std::size_t i, std::uint64_t position) {
  LogSegment& segment = *log_.segments[i];
  if (position < segment.size()) CO_TRY_VOID(co_await keep_copy(segment, position));
  for (std::size_t k = i + 1; k < log_.segments.size(); ++k) CO_TRY_VOID(keep_whole(*log_.segments[k]));
  co_return co_await disk().sync_directory(directory());
}

Task<Result<>> LogLoader::keep_copy(const LogSegment& segment, std::uint64_t position) {
  const std::string path = name_for(segment, position);
  CO_TRY(const FilePtr from, options_.files->open(segment.path()));
  CO_TRY(const FilePtr to, disk().open(path, OpenMode::kTruncate));
  std::vector<std::byte> bytes(std::min<std::uint64_t>(segment.size() - position, kCopied));
  Pace pace(kBytesAtOnce);
  for (std::uint64_t at = position; at < segment.size();) {
    CO_TRY(const std::size_t n, co_await from->read(at, bytes));
    if (n == 0) break;
    CO_TRY_VOID(to->write(at - position, BytesView(bytes).first(n)));
    at += n;
    if (pace.due(n)) co_await give_way();
  }
  CO_TRY_VOID(co_await to->sync());
  log_.recovered.kept.push_back(path);
  co_return Result<>{};
}

Result<> LogLoader::keep_whole(LogSegment& segment) {
  const std::string path = name_for(segment, 0);
  segment.forget_files();
  TRY_VOID(disk().rename(segment.path(), path));
  log_.recovered.kept.push_back(path);
  return {};
}

// "00000000000000001042.log.4711.damaged": what the file held from there on.
std::string LogLoader::name_for(const LogSegment& segment, std::uint64_t position) {
  const std::string base = fmt::format("{}.{}", segment.path(), position);
  std::string name = base + std::string(kDamagedSuffix);
  for (int again = 2; disk().exists(name); ++again) name = fmt::format("{}-{}{}", base, again, kDamagedSuffix);
  return name;
}

// ---- Epochs and the start

// Every batch says its epoch; only an epoch without a batch is lost, and nobody has a record of it.
Result<record::LeaderEpochCache> LogLoader::epochs_of_batches(const std::string& path, const Error& why) {
  log::warn("leader epochs are damaged, making them again from the batches", field("file", path), field("reason", why));
  record::LeaderEpochCache epochs;
  for (const auto& segment : log_.segments)
    TRY_VOID(segment->for_each_header(segment->base(), [&](const BatchHeader& header) -> Result<> {
      const auto latest = epochs.latest();
      if (header.leader_epoch.value >= 0 && (!latest || header.leader_epoch > latest->epoch))
        epochs.assign(header.leader_epoch, header.base);
      return {};
    }));
  return epochs;
}

Result<> LogLoader::load_epochs() {
  const std::string path = directory() + "/" + std::string(kLeaderEpochFile);
  record::LeaderEpochCache stored;
  bool damaged = false;
  if (disk().exists(path)) {
    TRY(const SharedBytes text, disk().read_file(path));
    auto epochs = parse_leader_epochs(text.text());
    damaged = !epochs;
    if (damaged) epochs = epochs_of_batches(path, Error(epochs.error()));
    TRY(stored, std::move(epochs));
  }
  record::LeaderEpochCache epochs = stored;
  // Above the recovery point the batches alone tell, also for folders whose file was not written before a truncation:
  // there it may speak of what was cut and followed by records of older epochs.
  if (!clean_) epochs.truncate_from_end(recovery_point_);
  for (const record::EpochEntry& seen : seen_epochs_)
    if (const auto latest = epochs.latest(); !latest || seen.epoch > latest->epoch)
      epochs.assign(seen.epoch, seen.start_offset);
  epochs.truncate_from_end(log_.end);
  const auto announced = std::ranges::find(stored.entries(), log_.end, &record::EpochEntry::start_offset);
  if (announced != stored.entries().end())
    if (const auto latest = epochs.latest(); !latest || announced->epoch > latest->epoch)
      epochs.assign(announced->epoch, announced->start_offset);
  log_.epochs_stale = damaged || epochs.entries() != stored.entries();
  log_.epochs = std::move(epochs);
  return {};
}

Result<> LogLoader::settle_start() {
  const Offset first = log_.segments.front()->base();
  log_.start = std::max(options_.log_start, first);
  if (log_.start > log_.end) {
    // Records below the start were deleted on request; a crash then took the rest, which was never acknowledged.
    TRY_VOID(take_away(std::exchange(log_.segments, {})));
    TRY(auto fresh, new_segment(log_.start));
    log_.segments.push_back(std::move(fresh));
    log_.end = log_.start;
    log_.epochs.clear();
    log_.epochs_stale = true;
  }
  log_.epochs_stale |= log_.epochs.truncate_from_start(log_.start);
  return {};
}

}  // namespace thalweg::storage
