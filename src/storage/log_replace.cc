// Segments of a Log that compaction has written anew take the place of the old ones. In steps of which each is on the
// disk before the next begins:
//
//   1  the new segment's files are written, as .cleaned                      a crash: they go
//   2  they are renamed to .swap, the .log last                              a crash: as before, unless all are
//   3  the old files are renamed to .deleted                                 a crash: the next start does 3 and 4
//   4  the .swap files get their last names                                  the same, for those that have not
//
// The old files are read from 3 to 4 without their names: they are held open, which the cache of files knows.
#include <algorithm>

#include "base/log.h"
#include "storage/log.h"
#include "storage/segment_files.h"

namespace thalweg::storage {
namespace {
constexpr std::string_view kIndexesAndLog[] = {kTxnIndexSuffix, kIndexSuffix, kTimeIndexSuffix, kLogSuffix};
}  // namespace

std::vector<Log::Sealed> Log::sealed_segments() const {
  std::vector<Sealed> sealed;
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) sealed.push_back({segments_[i], segment_end(i)});
  return sealed;
}

// On disk with the next sync of names, which comes before that of any file.
Result<> Log::mark_gaps() {
  if (gaps_marked_) return {};
  TRY_VOID(begin_folder());
  TRY_VOID(shard_.disk.open(directory_ + "/" + std::string(kGapsFile), OpenMode::kCreate));
  syncer_->names_changed();
  gaps_marked_ = true;
  return {};
}

bool Log::has_neighbours(const std::vector<SegmentPtr>& segments) const {
  const auto first = std::ranges::find(segments_, segments.front());
  const auto there = static_cast<std::size_t>(segments_.end() - first);
  return there > segments.size() && std::equal(segments.begin(), segments.end(), first);
}

Task<Result<bool>> Log::replace_segments(std::vector<SegmentPtr> replaced) {
  const LogPtr self = shared_from_this();
  const Turn::Held turn = co_await truncation_turn_.take();
  CO_TRY_VOID(check_writable());
  if (!has_neighbours(replaced)) co_return false;
  CO_TRY_VOID(mark_gaps());
  CO_TRY(const auto held, hold_files(replaced));
  replacing_ = true;
  auto done = co_await replace_alone(replaced);
  replacing_ = false;
  // Whichever names are there, the next start makes a whole log of them; this process does not.
  if (!done && !syncer_->is_retired()) take_offline(done.error());
  CO_TRY_VOID(std::move(done));
  co_return true;
}

Result<std::vector<FilePtr>> Log::hold_files(const std::vector<SegmentPtr>& segments) {
  std::vector<FilePtr> held;
  for (const SegmentPtr& segment : segments)
    for (const auto suffix : kIndexesAndLog) {
      const std::string path = segment_file(directory_, segment->base(), suffix);
      if (!files_->exists(path)) continue;
      TRY(FilePtr file, files_->open(path));
      held.push_back(std::move(file));
    }
  return held;
}

Task<Result<>> Log::sync_names_here() {
  auto synced = co_await shard_.disk.sync_directory(directory_);
  if (syncer_->is_retired()) co_return fail(ErrorCode::kKafkaStorageError, directory_ + ": log is closed");
  if (!synced) syncer_->sync_failed(synced.error());
  co_return synced;
}

Result<> Log::rename_cleaned(Offset base, std::string_view from, std::string_view to) {
  for (const auto suffix : kIndexesAndLog) {
    const std::string path = segment_file(directory_, base, suffix);
    if (!shard_.disk.exists(path + std::string(from))) continue;
    TRY_VOID(shard_.disk.rename(path + std::string(from), path + std::string(to)));
  }
  return {};
}

Task<Result<>> Log::replace_alone(const std::vector<SegmentPtr>& replaced) {
  const Offset base = replaced.front()->base();
  CO_TRY_VOID(co_await sync_names_here());
  CO_TRY_VOID(rename_cleaned(base, kCleanedSuffix, kSwapSuffix));
  CO_TRY_VOID(co_await sync_names_here());
  std::vector<std::string> old;
  for (const SegmentPtr& segment : replaced)
    for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix, kSnapshotSuffix}) {
      // What producers had written before the first of them is as it was.
      if (suffix == kSnapshotSuffix && segment == replaced.front()) continue;
      const std::string path = segment_file(directory_, segment->base(), suffix);
      if (!shard_.disk.exists(path)) continue;
      CO_TRY_VOID(shard_.disk.rename(path, path + std::string(kDeletedSuffix)));
      old.push_back(path + std::string(kDeletedSuffix));
    }
  CO_TRY_VOID(co_await sync_names_here());
  CO_TRY_VOID(put_in_place(replaced));
  CO_TRY_VOID(co_await sync_names_here());
  remove_later(shard_, std::move(old), config_.file_delete_delay_ms);
  co_return Result<>{};
}

// Readers see the new segment from here on, and those that were about the old ones look again.
Result<> Log::put_in_place(const std::vector<SegmentPtr>& replaced) {
  const Offset base = replaced.front()->base();
  TRY_VOID(rename_cleaned(base, kSwapSuffix, ""));
  for (const SegmentPtr& segment : replaced) {
    segment->forget_files();
    segment->was_replaced();
  }
  auto fresh = std::make_shared<LogSegment>(*files_, directory_, base, shard_.clock.wall());
  TRY_VOID(fresh->load());
  TRY_VOID(fresh->aborted().load());
  const auto first = std::ranges::find(segments_, replaced.front());
  *first = std::move(fresh);
  segments_.erase(first + 1, first + static_cast<std::ptrdiff_t>(replaced.size()));
  ++replacements_;
  untouched_ = false;
  return {};
}

}  // namespace thalweg::storage
