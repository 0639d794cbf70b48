// The producers of a log from what is on disk: the newest readable snapshot, then the batches behind it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/shard.h"
#include "storage/log_segment.h"
#include "storage/producer_state.h"

namespace thalweg::storage {

struct ProducerRecovery {
  std::string directory;
  std::vector<std::shared_ptr<LogSegment>> segments;  // of the whole log, by base offset
  Offset end;                                         // of the log
  Offset high_watermark;
  Offset snapshot_limit;  // snapshots beyond are of what is gone, and are removed
  Offset index_from;      // aborted transactions that end at or above it go into the .txnindex
};

// Replaces what `producers` holds. Gives way to others as it goes. REQUIRES: nothing is appended meanwhile
Task<Result<>> recover_producers(const Shard& shard, ProducerRecovery from, ProducerStateManager& producers);

}  // namespace thalweg::storage
