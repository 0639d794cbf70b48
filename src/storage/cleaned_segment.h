// The segment that the cleaner writes in the place of others, under names that end in .cleaned until Log::
// replace_segments() takes it over. A crash leaves files that the next start removes.
//
// Owner: the log's shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/batch.h"
#include "storage/file_cache.h"
#include "storage/offset_index.h"
#include "storage/time_index.h"
#include "storage/transaction_index_file.h"

namespace thalweg::storage {

class CleanedSegment {
 public:
  CleanedSegment(Disk& disk, FileCache& files, const std::string& directory, Offset base, std::int32_t index_interval);
  CleanedSegment(const CleanedSegment&) = delete;

  // Removes what earlier tries have left in the folder, under whatever base: beside a .cleaned file a .swap file would
  // not be believed (log_loader.h).
  Result<> create();
  // Behind the one before: header and body of a batch. What is written is brought to disk as it grows, so that the last
  // sync is short.
  Task<Result<>> append(BytesView header, BytesView body);
  void add_aborted(const AbortedTransaction& one) {
    aborted_.append(one);
    ++aborted_count_;
  }
  // All of it is on the disk, under names that may not be.
  Task<Result<>> finish();
  // Nothing of it stays; as far as the disk lets us.
  void discard();

  std::uint64_t size() const { return size_ + buffered_.size(); }
  std::size_t aborted_count() const { return aborted_count_; }
  std::uint64_t unthrottled() { return std::exchange(unthrottled_, 0); }

 private:
  static constexpr std::size_t kWriteAtOnce = std::size_t{256} << 10;
  static constexpr std::uint64_t kSyncEach = std::uint64_t{8} << 20;

  std::string path(std::string_view suffix) const;
  void note(BytesView header, std::size_t size);
  Task<Result<>> write_out();
  Task<Result<>> sync_index(std::string path);

  Disk& disk_;
  FileCache& files_;
  const std::string directory_;
  const Offset base_;
  const std::int32_t index_interval_;
  FilePtr log_;
  OffsetIndex offsets_;
  TimeIndex times_;
  TransactionIndexFile aborted_;
  std::size_t aborted_count_ = 0;
  std::vector<std::byte> buffered_;
  std::uint64_t size_ = 0, unsynced_ = 0, unthrottled_ = 0;
  std::size_t since_index_entry_ = 0;
  Timestamp max_timestamp_ = kNoTimestamp;
  Offset offset_of_max_timestamp_ = kNoOffset;
};

// Removes all .cleaned files of a log's folder.
Result<> remove_cleaned(Disk& disk, const std::string& directory);

}  // namespace thalweg::storage
