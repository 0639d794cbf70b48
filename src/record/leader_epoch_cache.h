// Which leader epoch began at which offset of one partition; answers OffsetForLeaderEpoch and finds where logs diverge.
// Pure; the log that owns it writes its file when a call says that something changed. Epochs and offsets both rise.
#pragma once

#include <optional>
#include <vector>

#include "base/types.h"

namespace thalweg::record {

struct EpochEntry {
  LeaderEpoch epoch;
  Offset start_offset;
  friend auto operator<=>(const EpochEntry&, const EpochEntry&) = default;
};

struct EpochEnd {
  LeaderEpoch epoch = kNoLeaderEpoch;
  Offset end_offset = kNoOffset;
  friend auto operator<=>(const EpochEnd&, const EpochEnd&) = default;
};

class LeaderEpochCache {
 public:
  // `epoch` begins at `start`. Entries that this contradicts (same or higher epoch, same or higher offset) are dropped.
  // True if the cache changed. REQUIRES: epoch >= 0, start >= 0
  bool assign(LeaderEpoch epoch, Offset start);

  // The largest known epoch that is not above `requested` and where it ends; the newest ends at `log_end`.
  // {-1, -1} for -1 or an epoch above all known; {requested, first start} for one below all known.
  EpochEnd end_offset_for(LeaderEpoch requested, Offset log_end) const;
  // Nothing if `offset` lies before the first entry.
  std::optional<LeaderEpoch> epoch_at(Offset offset) const;
  std::optional<EpochEntry> latest() const;
  // The newest epoch below `epoch`.
  std::optional<LeaderEpoch> previous(LeaderEpoch epoch) const;
  const std::vector<EpochEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }

  // The log now ends (begins) there. True if the cache changed.
  bool truncate_from_end(Offset end);
  bool truncate_from_start(Offset start);
  void clear() { entries_.clear(); }

 private:
  std::vector<EpochEntry> entries_;
};

}  // namespace thalweg::record
