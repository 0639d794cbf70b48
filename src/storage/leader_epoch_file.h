// The leader epochs of one log and the file `leader-epoch-checkpoint` that keeps them.
//
// Batches carry their epoch, so recovery finds above the recovery point what the file lacks; a checkpoint writes the
// rest. What no batch carries yet, the announcement of a new leader, is written before anybody is told of it: settle().
//
// A truncation writes it before it cuts, so the file never says what was cut.
//
// Owner: the log's shard. REQUIRES: whoever calls settle() keeps the log alive meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "record/leader_epoch_cache.h"
#include "runtime/disk.h"
#include "runtime/turn.h"

namespace thalweg::storage {

// The text of `leader-epoch-checkpoint`. kKafkaStorageError if it is not one.
Result<record::LeaderEpochCache> parse_leader_epochs(std::string_view text);
std::string print_leader_epochs(const record::LeaderEpochCache& epochs);

class LeaderEpochFile {
 public:
  // `stale`: the file on disk does not say what `epochs` says.
  LeaderEpochFile(Disk& disk, const std::string& directory, record::LeaderEpochCache epochs, bool stale);

  const record::LeaderEpochCache& epochs() const { return epochs_; }
  // The latest, or kNoLeaderEpoch.
  LeaderEpoch latest() const;

  // A batch of this epoch is in the log at `at`. An announcement there that it contradicts is forgotten.
  void on_batch(LeaderEpoch epoch, Offset at);
  // `epoch` begins at `end`, where no batch is yet. Ignored unless it is above all known.
  void announce(LeaderEpoch epoch, Offset end);
  // The log ends (begins) there, or is empty. True if that changed something.
  bool truncate_from_end(Offset end) { return changed(epochs_.truncate_from_end(end)); }
  bool truncate_from_start(Offset start) { return changed(epochs_.truncate_from_start(start)); }
  bool clear();
  // A checkpoint has to write it.
  bool stale() const { return stale_; }
  void set_stale() { changed(true); }
  // settle() would write it, announcements included.
  bool unwritten() const { return changes_ != written_; }

  // Everything is on disk when it returns, whether or not a batch carries it. An error leaves the old file.
  Task<Result<>> settle();

 private:
  bool changed(bool so) {
    if (so) ++changes_, stale_ = true;
    return so;
  }

  Disk& disk_;
  const std::string path_;
  record::LeaderEpochCache epochs_;
  bool stale_;
  std::uint64_t changes_ = 0, written_ = 0;  // announcements included
  Turn turn_;
};

}  // namespace thalweg::storage
