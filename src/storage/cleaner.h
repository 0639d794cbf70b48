// Compacts one log: Kafka's Cleaner. Of each key the newest record stays, with its offset.
//
//   1  index: the keys of [first_dirty, end) and their newest offsets go into a map of bounded memory
//   2  clean: every segment from the first on, up to where the map has come, is read, sifted and written anew, several
//      small ones into one; Log::replace_segments() puts it in their place
//
// When not all keys fit into the map, a pass comes only as far as they do, and the next goes on there.
//
// Owner: the log's shard, on which the work is done in slices; files are read by the disk's threads. A log that is
// closed, truncated, deleted from or goes offline meanwhile ends the pass: was_interrupted().
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "runtime/shard.h"
#include "runtime/yielding.h"
#include "storage/batch_cleaning.h"
#include "storage/cleaned_segment.h"
#include "storage/cleaned_transactions.h"
#include "storage/log.h"
#include "storage/offset_map.h"
#include "storage/whole_batches.h"

namespace thalweg::storage {

struct CleanerOptions {
  std::size_t map_bytes = std::size_t{128} << 20;  // log.cleaner.dedupe.buffer.size, shared out
  double load_factor = 0.9;
  std::size_t read_bytes = std::size_t{512} << 10;               // at a time
  double bytes_per_second = std::numeric_limits<double>::max();  // read and written
};

struct CleanerStats {
  std::uint64_t indexed_bytes = 0;
  std::uint64_t read_bytes = 0, written_bytes = 0;  // while cleaning
  double map_utilization = 0;
  std::size_t map_bytes = 0;
  Instant elapsed{0};
};

class Cleaner {
 public:
  Cleaner(const Shard& shard, LogPtr log, CleanerOptions options);
  Cleaner(const Cleaner&) = delete;

  // Below the answer everything is clean. kCorruptMessage: a segment is damaged, and nothing of it was written anew.
  // Once. REQUIRES: first_dirty < end, and a segment of the log ends at `end`, at or below its last stable offset and
  // its recovery point
  Task<Result<Offset>> clean(Offset first_dirty, Offset end);
  // The log has changed, or is not here any more; an error then says nothing about it.
  bool was_interrupted() const;
  const CleanerStats& stats() const { return stats_; }

 private:
  using Group = std::vector<Log::Sealed>;
  // What is cleaned at a time: bytes, and kRecordCost for each record. Well below a millisecond.
  static constexpr std::size_t kCleanedAtOnce = std::size_t{256} << 10;
  static constexpr std::size_t kSegmentsAtOnce = 32;  // in a group: they are held open while they are replaced

  Task<Result<>> index(Offset first_dirty, Offset end);
  Task<Result<bool>> index_segment(Log::Sealed sealed, Offset first_dirty);
  Task<Result<bool>> index_batch(record::BatchView batch, BytesView plain, Offset first_dirty);
  Task<> grow_map();
  std::vector<Group> groups(Offset end) const;
  Task<Result<>> clean_group(Group group);
  Task<Result<>> clean_into(const Group& group, CleanedSegment& into);
  Task<Result<>> clean_segment(Log::Sealed sealed, bool is_last, CleanedSegment& into);
  Task<Result<>> clean_batch(record::BatchView batch, bool ends, CleanedSegment& into);
  Task<Result<>> sift(record::BatchView batch, bool stays_empty, CleanedSegment& into);
  Task<Result<>> rebuild(record::BatchView batch, BytesView plain, const RecordSieve& sieve,
                         std::optional<Timestamp> horizon, CleanedSegment& into);
  Task<Result<>> keep(record::BatchView batch, CleanedSegment& into);
  Task<Result<>> add_aborted(Log::Sealed sealed);
  Task<Result<>> go_on(std::size_t work);
  Task<> wait_for(std::uint64_t bytes);
  Timestamp new_horizon() const;

  const Shard& shard_;
  const LogPtr log_;
  const CleanerOptions options_;
  const std::uint64_t cuts_;
  const Offset first_;  // where its first segment begins
  OffsetMap map_;
  CleanedTransactions transactions_;
  LastOfProducers last_;
  CleaningRules rules_;
  PlainRecords plain_;
  CleanerStats stats_;
  Pace pace_{kCleanedAtOnce};
  Instant throttled_until_{0};
  bool changed_ = false;  // the group that is cleaned is not what it was
  bool interrupted_ = false;
};

}  // namespace thalweg::storage
