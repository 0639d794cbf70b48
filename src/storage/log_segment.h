// One segment of a log: batches back to back in `<base offset>.log` and the three indexes beside it. The last segment
// of a log is active and appended to; the others only shrink away.
//
// Owner: the log's shard. Held by shared_ptr, as a read that is under way keeps the segment it reads.
// Invariants: [0, size()) holds whole batches with rising offsets; the file stays open from a change to the end of a
// sync that began after it.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "record/record.h"
#include "record/time_search.h"
#include "runtime/disk.h"
#include "storage/batch_scanner.h"
#include "storage/file_cache.h"
#include "storage/log_config.h"
#include "storage/offset_index.h"
#include "storage/time_index.h"
#include "storage/transaction_index_file.h"

namespace thalweg::storage {

// "00000000000000001042.log" and its relatives.
std::string segment_file(const std::string& directory, Offset base, std::string_view suffix);
// The base offset in "00000000000000001042.log" when asked for ".log"; nothing for other names.
std::optional<Offset> parse_segment_file(std::string_view name, std::string_view suffix);
inline constexpr std::string_view kLogSuffix = ".log", kIndexSuffix = ".index", kTimeIndexSuffix = ".timeindex",
                                  kTxnIndexSuffix = ".txnindex", kSnapshotSuffix = ".snapshot",
                                  kDeletedSuffix = ".deleted", kCleanedSuffix = ".cleaned", kSwapSuffix = ".swap",
                                  kDamagedSuffix = ".damaged";  // what recovery cut and kept

class LogSegment {
 public:
  // Where batches begin and end.
  struct Boundary {
    Offset offset = kNoOffset;
    std::uint64_t position = 0;
  };

  LogSegment(FileCache& files, const std::string& directory, Offset base, Timestamp created);
  LogSegment(const LogSegment&) = delete;

  Offset base() const { return base_; }
  std::uint64_t size() const { return size_; }
  const std::string& path() const { return *path_; }

  // ---- Opening

  Result<> create();
  // Takes over the files as they are. False: an index is missing or cannot be one; rebuild().
  Result<bool> load();
  // Forgets what the indexes say and makes them again from the batches; a batch that ends above `checked_below` has its
  // CRC computed, and what that does not cover compared with its neighbours: leader epochs do not go down (a higher one
  // that a single batch has is its own fault), and where `dense`, offsets leave no gap. Gives each whole and sound
  // batch to `visit`, and stops before the first that is not, with the reason.
  struct Rebuilt {
    std::uint64_t sound_size = 0;
    std::optional<Error> damage;
  };
  // Gives way to others as it goes.
  Task<Result<Rebuilt>> rebuild(Offset checked_below, bool dense, std::int32_t index_interval,
                                std::function<Result<>(const BatchHeader&)> visit);
  // Walks all batches from the one that contains `from` (or follows it), giving way to others as it goes.
  Task<Result<>> walk(Offset from, std::function<Result<>(const BatchHeader&)> visit) const;
  Result<SharedBytes> read_batch(const BatchHeader& batch) const;
  // The same batch without its records and with a length to match; its CRC fits no more.
  Result<SharedBytes> read_without_records(const BatchHeader& batch) const;
  // Where the batches end, and the largest timestamp, by walking from the last index entry.
  Result<Offset> find_next_offset();

  // ---- Appending

  bool should_roll(const LogConfig& config, Millis jitter, std::size_t bytes, Timestamp max_timestamp, Offset last,
                   Timestamp now) const;
  // At the end of the file. After an error nothing of it stays, unless the error is not Disk::is_full: then nobody
  // knows.
  Result<> write(std::initializer_list<BytesView> parts) { return write(parts, &File::write); }
  // The same for what hardly anybody reads here: File::write_unread().
  Result<> write_unread(std::initializer_list<BytesView> parts) { return write(parts, &File::write_unread); }
  // Index what write() wrote: once per batch, in order.
  void note(const BatchHeader& batch, std::int32_t index_interval);
  // Takes back what the last write() added, before it was noted. REQUIRES: nothing suspended since
  Result<> undo_write(std::uint64_t to_size);
  // No more appends: last time index entry, both indexes to disk.
  Result<> finish();
  Result<> flush_indexes();

  // ---- Reading

  struct Range {
    Pieces pieces;  // none: batches there are too large, or not below the bound
    std::size_t bytes = 0;
    Offset first, next;
  };
  // Batches from the one that contains `from` or follows it, wholly below `upper`. Nothing: all batches are below
  // `from`. REQUIRES: upper <= segment_end, the next segment's base or the log's end
  Task<Result<std::optional<Range>>> read(Offset from, Offset upper, Offset segment_end, std::size_t max_bytes,
                                          bool at_least_one);
  struct Found {
    Timestamp timestamp;
    Offset offset;
    LeaderEpoch leader_epoch;
  };
  // The first record at or above `from` whose timestamp is >= target.
  Task<Result<std::optional<Found>>> find_timestamp(Timestamp target, Offset from);
  // kNoTimestamp if no batch has one.
  Timestamp max_timestamp() const { return max_timestamp_; }
  // The largest timestamp of the batches that lie wholly below `upper`.
  Task<Result<Timestamp>> max_timestamp_below(Offset upper) const;

  // ---- Changing

  // What truncate_to(offset) would leave.
  Result<Boundary> cut_point(Offset offset) const;
  // Drops the batch that contains `offset` and all after it; answers where the log ends now: at `offset`, or where the
  // dropped batch began.
  Result<Offset> truncate_to(Offset offset);
  // The headers of all batches from the one that contains `from` on.
  Result<> for_each_header(Offset from, const std::function<Result<>(const BatchHeader&)>& visit) const;
  // Closes files ahead of renaming or removing them.
  void forget_files();
  // Another one has its place and its names: what was read here counts as cut.
  void was_replaced() { ++cuts_; }
  // The largest timestamp of its first batch; kNoTimestamp if there is none.
  Result<Timestamp> first_timestamp();

  // How often the file was written or cut.
  std::uint64_t changes() const { return changes_; }
  // How often it was cut: what a read found before one may be other bytes, or no place where a batch begins, after it.
  std::uint64_t cuts() const { return cuts_; }
  // Nothing if all is synced.
  FilePtr unsynced_file() const { return dirty_file_; }
  // A sync has ended that began after so many changes.
  void set_synced(std::uint64_t changes);
  OffsetIndex& offset_index() { return offsets_; }
  TimeIndex& time_index() { return times_; }
  TransactionIndexFile& aborted() { return aborted_; }

 private:
  Result<FilePtr> file() const;  // made, if nobody has needed it so far
  using Write = Result<> (File::*)(std::uint64_t position, BytesView bytes);
  Result<> write(std::initializer_list<BytesView> parts, Write write);
  void changed(FilePtr file);
  void remember(Offset offset, std::uint64_t position);
  std::optional<std::uint64_t> remembered(Offset offset) const;
  // Nothing if it is whole and its CRC fits.
  Task<Result<std::optional<Error>>> wrong_content(FilePtr log, BatchHeader batch) const;
  Result<BatchHeader> header_now(BatchScanner& scanner) const;
  Range range(FilePtr log, Boundary from, Boundary to) const;
  // The first batch that ends at or above `offset`, at or after the place the index names.
  Task<Result<std::optional<BatchHeader>>> find(FilePtr file, Offset offset, std::uint64_t size);
  Task<Result<std::optional<record::TimeScanner::Found>>> find_in_batch(FilePtr log, BatchHeader header,
                                                                        Timestamp target, Offset from);
  Task<Result<Boundary>> find_end(FilePtr file, BatchHeader first, Offset upper, std::uint64_t limit,
                                  std::uint64_t size);

  FileCache* files_;
  const Offset base_;
  const std::shared_ptr<const std::string> path_;
  OffsetIndex offsets_;
  TimeIndex times_;
  TransactionIndexFile aborted_;
  mutable bool made_ = false;  // the file is there
  std::uint64_t size_ = 0;
  std::uint64_t changes_ = 0, cuts_ = 0;
  FilePtr dirty_file_;
  std::size_t since_index_entry_ = 0;
  Timestamp max_timestamp_ = kNoTimestamp;
  Offset offset_of_max_timestamp_ = kNoOffset;
  Timestamp first_timestamp_ = kNoTimestamp;  // rolls by time count from here
  const Timestamp created_;
  // Where batches begin, as last appended and last read up to: whoever reads on at the end needs no index.
  std::array<Boundary, 4> boundaries_{};
  std::uint8_t next_boundary_ = 0;
};

}  // namespace thalweg::storage
