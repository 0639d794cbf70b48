// What is on disk becomes a LoadedLog, or says why not.
//
// After a clean stop the files are taken as they are; only the batches after the last index entry are walked to find
// the end. After a crash everything above the recovery point is checked: framing, rising offsets, CRC. The first batch
// that fails there ends the log. Where nothing sound lies behind it, that is the torn end of the crash: it was never
// acknowledged and goes. Where sound batches follow, records that were acknowledged may have rotted: what is cut is
// kept beside the log in a .damaged file, and said at ERROR. The same damage below the recovery point, or after a clean
// stop, is not ours to repair: open fails and names file and position. recovery_rules.h has all this as tables.
//
// Indexes, aborted transactions and leader epochs above the recovery point are made again from the batches, producers
// from the newest snapshot below it. Of the file of leader epochs an epoch stays that begins where the log ends: a
// leader announced it.
//
// In a folder where nothing is nothing is made either, beside the folder itself: a partition without records costs no
// file, and a thousand new ones cost a thousand folders (Log::begin_folder).
//
// Left-overs of Kafka's file swaps are finished first: .deleted and .cleaned go, a .swap takes the place of the
// segments it covers.
#pragma once

#include "storage/loaded_log.h"
#include "storage/log.h"
#include "storage/sound_batches.h"

namespace thalweg::storage {

class LogLoader {
 public:
  // REQUIRES: options.files is set; both outlive the call of load()
  LogLoader(const Shard& shard, const LogOptions& options);

  // Gives way to others on the shard as it goes. Once.
  Task<Result<LoadedLog>> load();

 private:
  using SegmentPtr = std::shared_ptr<LogSegment>;

  Result<> check_end() const;
  Result<LoadedLog> begin_blank();
  Result<> settle_topic_id();
  Task<Result<>> finish_swaps(const std::vector<DirectoryEntry>& files);  // of the folder, as it was found
  Task<Result<>> swap_in(Offset base);
  Result<> open_segments();
  Task<Result<>> check_segments();
  Task<Result<>> find_end(std::size_t i);
  Task<Result<>> rebuild_segment(std::size_t i);
  Task<Result<>> cut_end(std::size_t i, LogSegment::Rebuilt rebuilt);
  Task<Result<SoundBatches>> sound_behind(std::size_t i, std::uint64_t position, Offset from);
  Task<Result<>> keep_end(std::size_t i, std::uint64_t position);
  Task<Result<>> keep_copy(const LogSegment& segment, std::uint64_t position);
  Result<> keep_whole(LogSegment& segment);
  std::string name_for(const LogSegment& segment, std::uint64_t position);
  Result<> load_epochs();
  Result<record::LeaderEpochCache> epochs_of_batches(const std::string& path, const Error& why);
  Result<> settle_start();
  Task<Result<>> sync_unchecked();
  Task<Result<>> sync_whose_folder(bool again);
  Error damaged(const LogSegment& segment, std::uint64_t position, const Error& why) const;
  Result<SegmentPtr> new_segment(Offset base);
  Result<> take_away(std::vector<SegmentPtr> segments);
  Offset segment_end(std::size_t i) const;
  Disk& disk() { return shard_.disk; }
  const std::string& directory() const { return options_.directory; }

  const Shard& shard_;
  const LogOptions& options_;
  const Offset recovery_point_;
  const bool clean_;
  bool fresh_ = false;  // there was no segment
  std::vector<record::EpochEntry> seen_epochs_;
  LoadedLog log_;
};

}  // namespace thalweg::storage
