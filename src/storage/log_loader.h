// What is on disk becomes a Log, or says why not.
//
// After a clean stop the files are taken as they are; only the batches after the last index entry are walked to find
// the end. After a crash everything above the recovery point is checked: framing, rising offsets, CRC. The first batch
// that fails there is the torn end: it and all after it go, as nothing there was ever acknowledged. The same damage
// below the recovery point, or after a clean stop, is not ours to repair: open fails and names file and position.
// Indexes, aborted transactions and leader epochs above the recovery point are made again from the batches, producers
// from the newest snapshot below it.
//
// Left-overs of Kafka's file swaps are finished first: .deleted and .cleaned go, a .swap takes the place of the
// segments it covers.
#pragma once

#include "storage/log.h"

namespace thalweg::storage {

class LogLoader {
 public:
  LogLoader(Log& log, Offset recovery_point, bool clean, Offset log_start, Offset high_watermark)
      : log_(log),
        recovery_point_(recovery_point),
        clean_(clean),
        log_start_(log_start),
        high_watermark_(high_watermark) {}

  // Suspends only to sync what a crash left unsynced. The log has no user yet.
  Task<Result<>> load();

 private:
  Result<> settle_topic_id();
  Result<> finish_swaps();
  Result<> swap_in(Offset base);
  Result<> open_segments();
  Result<> check_segments();
  Result<> rebuild_segment(std::size_t i);
  Result<> cut_torn_end(std::size_t i, const LogSegment::Rebuilt& rebuilt);
  Result<> load_epochs();
  Result<> rebuild_epochs(const std::string& path, const Error& why);
  Result<> settle_start();
  Task<Result<>> sync_unchecked();
  Task<Result<>> sync_folder(bool write_again);
  static Result<> rewrite(File& file);
  Error damaged(const LogSegment& segment, std::uint64_t position, const Error& why) const;
  Disk& disk() { return log_.shard_.disk; }

  Log& log_;
  const Offset recovery_point_;
  const bool clean_;
  const Offset log_start_, high_watermark_;
  Offset end_{0};
  bool fresh_ = false;  // there was no segment
  std::vector<EpochEntry> seen_epochs_;
};

}  // namespace thalweg::storage
