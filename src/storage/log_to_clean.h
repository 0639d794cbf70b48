// How dirty a log is: what Kafka's LogCleanerManager decides by. Owner: the log's shard.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/log.h"

namespace thalweg::storage {

struct LogToClean {
  LogPtr log;
  Offset first_dirty{0};  // everything below was compacted
  Offset end{0};          // nothing at or above may be: it is not committed, undecided, too young or not sealed
  std::uint64_t clean_bytes = 0, cleanable_bytes = 0;
  Millis delay{0};      // for how long a record has waited beyond max.compaction.lag.ms
  bool is_due = false;  // it is worth a pass

  double ratio() const {
    const std::uint64_t total = clean_bytes + cleanable_bytes;
    return total == 0 ? 0 : static_cast<double>(cleanable_bytes) / static_cast<double>(total);
  }
};

// `cleaned`: how far it was compacted, by the checkpoint. REQUIRES: log->config().cleanup_compact
Result<LogToClean> how_dirty(const Shard& shard, const LogPtr& log, std::optional<Offset> cleaned);

}  // namespace thalweg::storage
