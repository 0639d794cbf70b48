// What LogLoader found on disk and brought into order: all that a Log begins with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "record/leader_epoch_cache.h"
#include "storage/log_segment.h"
#include "storage/log_syncer.h"
#include "storage/producer_state.h"

namespace thalweg::storage {

// In a log's folder: recovery has cut records that may have been acknowledged, and the controller does not know yet.
inline constexpr std::string_view kRecordsMissingFile = "records-missing";

// In a log's folder: compaction has left gaps between offsets, here or at the leader, so that recovery does not take
// one for damage, whatever cleanup.policy says by then. It is on disk before the gap is.
inline constexpr std::string_view kGapsFile = "offset-gaps";

// What recovery took out of the log.
struct Recovered {
  std::uint64_t torn_bytes = 0;     // cut: the end of a crash
  std::uint64_t damaged_bytes = 0;  // cut, and kept in `kept`, as sound batches lay behind the damage
  std::vector<std::string> kept;    // paths of the files
  bool records_missing = false;     // this recovery, or one of which nobody was told, has cut what is in such files
};

struct LoadedLog {
  Uuid topic_id;
  std::vector<std::shared_ptr<LogSegment>> segments;  // by base offset; never empty
  record::LeaderEpochCache epochs;
  bool epochs_stale = false;  // the file says something else
  ProducerStateManager producers;
  // start <= high_watermark <= end, recovery_point <= end; [.., end) is on disk
  Offset start{0}, end{0}, high_watermark{0}, recovery_point{0};
  UnsyncedNames unsynced;
  bool untouched = false;    // as a clean stop left it
  bool gaps_marked = false;  // kGapsFile is there
  bool blank = false;        // nothing is in the folder: whose it is comes with the first file
  Recovered recovered;
};

}  // namespace thalweg::storage
