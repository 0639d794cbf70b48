#include "storage/cleaned_segment.h"

#include "base/log.h"
#include "storage/batch_scanner.h"
#include "storage/log_segment.h"

namespace thalweg::storage {

CleanedSegment::CleanedSegment(Disk& disk, FileCache& files, const std::string& directory, Offset base,
                               std::int32_t index_interval)
    : disk_(disk),
      files_(files),
      directory_(directory),
      base_(base),
      index_interval_(index_interval),
      offsets_(files, IndexPath(path(kIndexSuffix)), base),
      times_(files, IndexPath(path(kTimeIndexSuffix)), base),
      aborted_(files, IndexPath(path(kTxnIndexSuffix))) {}

std::string CleanedSegment::path(std::string_view suffix) const {
  return segment_file(directory_, base_, suffix) + std::string(kCleanedSuffix);
}

Result<> remove_cleaned(Disk& disk, const std::string& directory) {
  TRY(const auto files, disk.list(directory));
  for (const DirectoryEntry& entry : files)
    if (entry.name.ends_with(kCleanedSuffix)) TRY_VOID(disk.remove(directory + "/" + entry.name));
  return {};
}

Result<> CleanedSegment::create() {
  TRY_VOID(remove_cleaned(disk_, directory_));
  TRY(log_, disk_.open(path(kLogSuffix), OpenMode::kTruncate));
  return {};
}

Task<Result<>> CleanedSegment::append(BytesView header, BytesView body) {
  note(header, header.size() + body.size());
  buffered_.insert(buffered_.end(), header.begin(), header.end());
  buffered_.insert(buffered_.end(), body.begin(), body.end());
  if (buffered_.size() < kWriteAtOnce) co_return Result<>{};
  co_return co_await write_out();
}

// As LogSegment::note() does for what is appended.
void CleanedSegment::note(BytesView bytes, std::size_t size) {
  auto header = BatchHeader::read(bytes, this->size());
  CHECK(header);
  if (header->max_timestamp > max_timestamp_) {
    max_timestamp_ = header->max_timestamp;
    offset_of_max_timestamp_ = header->last;
  }
  if (since_index_entry_ > static_cast<std::size_t>(index_interval_)) {
    offsets_.append(header->last, static_cast<std::uint32_t>(header->position));
    times_.append(max_timestamp_, offset_of_max_timestamp_);
    since_index_entry_ = 0;
  }
  since_index_entry_ += size;
}

Task<Result<>> CleanedSegment::write_out() {
  constexpr std::uint64_t kSizeMax = 0x7fffffff;  // positions in an index have four bytes
  if (size() > kSizeMax) co_return fail(ErrorCode::kKafkaStorageError, path(kLogSuffix) + ": grows beyond 2 GiB");
  CO_TRY_VOID(log_->write(size_, buffered_));
  size_ += buffered_.size();
  unsynced_ += buffered_.size();
  unthrottled_ += buffered_.size();
  buffered_.clear();
  if (unsynced_ < kSyncEach) co_return Result<>{};
  unsynced_ = 0;
  co_return co_await log_->sync();
}

Task<Result<>> CleanedSegment::finish() {
  CO_TRY_VOID(co_await write_out());
  times_.append(max_timestamp_, offset_of_max_timestamp_);
  CO_TRY_VOID(offsets_.flush());
  CO_TRY_VOID(times_.flush());
  CO_TRY_VOID(aborted_.flush());
  CO_TRY_VOID(co_await log_->sync());
  for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix})
    CO_TRY_VOID(co_await sync_index(path(suffix)));
  log_.reset();
  co_return Result<>{};
}

Task<Result<>> CleanedSegment::sync_index(std::string path) {
  if (!files_.exists(path)) co_return Result<>{};
  CO_TRY(const FilePtr file, files_.open(path));
  files_.forget(path);
  co_return co_await file->sync();
}

void CleanedSegment::discard() {
  log_.reset();
  for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) files_.forget(path(suffix));
  if (auto removed = remove_cleaned(disk_, directory_); !removed)
    log::warn("cleaned segment not removed", field("directory", directory_), field("reason", removed.error()));
}

}  // namespace thalweg::storage
