// How far a log has come, and how much of it is on disk. An append does not wait: it says appended(), and a sync loop
// brings what was written to disk; what is appended while a sync runs shares the next one.
//
// This is the seam of the journal to come: who appends, reads or waits knows end(), durable(), acknowledged() and
// flush(), not which file was synced for them.
//
//   every_append   a record counts (acknowledged()) when it is on disk; each append asks for a sync.
//   otherwise      as in Kafka: a record counts at once, unless flush.messages or more would then not be on disk. A
//                  sync is asked for by flush.messages, by flush.ms after the first record that is not on disk, when
//                  a segment is full, and by checkpoints.
//
// A failed sync is final: the syncer is offline, its watermarks fail, nothing counts any more.
//
// Owner: the log's shard. Held by shared_ptr, as the sync loop outlives a call and may outlive the log.
// Invariants: durable() <= acknowledged() <= end(); they fall only in cut_to() and start_at().
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/metrics.h"
#include "runtime/shard.h"
#include "runtime/turn.h"
#include "runtime/watermark.h"
#include "storage/log_segment.h"

namespace thalweg::storage {

// Beside the segments once a sync has failed. The kernel may then hold pages that look written and are not on disk, for
// as long as it runs; a process that finds this file writes what it cannot trust again. It needs no sync: a power loss
// takes it with the pages.
inline constexpr std::string_view kSyncFailedFile = "sync-failed";
void mark_failed_sync(Disk& disk, const std::string& directory);

// The name of a log's folder, and whose it is (partition.metadata), are on disk when it returns.
Task<Result<>> sync_folder(Disk& disk, std::string directory);

// When a record counts.
struct FlushPolicy {
  bool every_append = true;
  std::int64_t messages = std::numeric_limits<std::int64_t>::max();  // flush.messages
  Millis ms = LogConfig::kForever;                                   // flush.ms
};

// Names that are not on disk yet.
struct UnsyncedNames {
  bool folder = false;  // the folder's own name, and partition.metadata in it
  bool files = false;   // of files in it
};

class LogSyncer : public std::enable_shared_from_this<LogSyncer> {
 public:
  // [.., end) is on disk.
  LogSyncer(const Shard& shard, std::string directory, FlushPolicy policy, Offset end, UnsyncedNames names);
  LogSyncer(const LogSyncer&) = delete;

  Watermark& end() { return end_; }          // what is readable
  Watermark& durable() { return durable_; }  // what survives a power loss
  // What counts as written: durable() or, where the policy is not every_append, up to end().
  Watermark& acknowledged() { return policy_.every_append ? durable_ : acknowledged_; }
  bool syncs_before_it_counts() const { return policy_.every_append; }
  void set_policy(std::int64_t flush_messages, Millis flush_ms);

  // ---- What the log did

  // The file of `segment` was written or cut. Counts with the next sync.
  void changed(const std::shared_ptr<LogSegment>& segment);
  // The log reaches to `end`; the segments that were written are changed().
  void appended(Offset end);
  // A file was created, renamed or removed.
  void names_changed() { ++names_changed_; }
  // The log ends at `end` already, after a truncation: whoever waits in flush() for more is let go.
  void cut_to(Offset end);
  // The log is empty and begins at `start`.
  void start_at(Offset start);

  // ---- Syncing

  // Asks for a sync of all there is, and does not wait.
  void request();
  // All that was appended before the call is on disk when it returns, or was cut; at once after retire(). An error that
  // passes while there is no room for what was written unread.
  Task<Result<>> flush();
  // A cut is on disk when it returns.
  Task<Result<>> sync_cut();
  // Since when the disk has had something to sync and has not answered; nothing: it has nothing.
  std::optional<Instant> syncing_since() const { return syncing_since_; }
  bool names_unsynced() const { return names_changed_ != names_synced_; }
  // How many cuts there were. What was read or synced before one proves nothing about offsets after it.
  std::uint64_t cuts() const { return cuts_; }

  // ---- The end

  void take_offline(Error why);
  // A sync failed that somebody else tried: as final as one of ours.
  void sync_failed(const Error& why);
  const std::optional<Error>& offline() const { return offline_; }
  // Nothing more is synced; whoever waits is woken. The folder may be another log's by now.
  void retire();
  bool is_retired() const { return retired_; }

 private:
  static Task<> loop(std::shared_ptr<LogSyncer> self);
  Task<Result<>> sync_once();
  Task<Result<>> sync_all();
  Task<Result<>> sync_names(std::uint64_t names);
  void acknowledge();
  void plan_flush();
  void fail_watermarks();
  void wake_flushers();

  const Shard& shard_;
  const std::string directory_;
  FlushPolicy policy_;
  Watermark end_, durable_;
  Watermark acknowledged_;  // unless every_append

  // Of the shard.
  Histogram& sync_time_;
  Counter &directory_syncs_, &sync_failures_;

  Turn turn_;                                          // one sync at a time
  std::optional<Instant> syncing_since_;               // of who has it, the step that is under way
  std::vector<std::shared_ptr<LogSegment>> unsynced_;  // the oldest first
  std::uint64_t names_changed_ = 0, names_synced_ = 0;
  bool folder_unsynced_ = false;
  std::uint64_t cuts_ = 0;

  Offset wanted_{0};                           // somebody asked for a sync up to here
  bool looping_ = false;                       // the sync loop runs
  std::unique_ptr<Clock::Timer> flush_timer_;  // flush.ms
  std::vector<OneShot<bool>> flushers_;        // each looks again when something moved

  std::optional<Error> offline_;
  bool retired_ = false;
  std::optional<Error> postponed_;  // the last sync was
};

}  // namespace thalweg::storage
