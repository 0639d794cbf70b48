// A Log is one partition on disk: Kafka's folder, Kafka's files, append-only. It knows nothing of roles or replicas;
// replica::Partition decides who may append and what is committed.
//
// Owner: the partition's shard; every member is called there. Held by LogPtr because the sync loop, reads and the
// delayed removal of files outlive a call.
//
// An append is written to the page cache before it returns, so readers see it at once; durable() follows when fdatasync
// has returned for everything below it, also for the names of new files. acknowledged() says what counts as written: by
// default what is durable, see log_syncer.h. One failed write (other than a full disk) or sync is final: the log is
// offline(), its watermarks fail their waiters, nothing is acknowledged any more. A full disk is no failure: append
// answers an error with Disk::is_full, nothing of it stays, and appends work again when there is room.
//
// Invariants: check_invariants() states them; they hold between calls, and whenever a call suspends, except that start
// and recovery point are ahead of the cut while a truncation is under way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"
#include "storage/file_cache.h"
#include "storage/leader_epoch_file.h"
#include "storage/loaded_log.h"
#include "storage/log_config.h"
#include "storage/log_segment.h"
#include "storage/log_syncer.h"
#include "storage/log_validator.h"
#include "storage/producer_state.h"
#include "storage/transaction_index.h"

namespace thalweg::storage {

struct AppendOptions {
  LeaderEpoch leader_epoch;                     // stamped on the batch
  AppendOrigin origin = AppendOrigin::kClient;  // kClient: sequences and batch rules are checked
  std::int16_t produce_version = 13;            // zstd needs 7
  int transaction_version = 0;                  // of the coordinator that writes a marker; see ProducerStateManager
  std::optional<VerificationGuard> guard = {};  // of a transactional batch that has to be verified
  Walked walked;                                // see ValidationOptions
};

// Where an append went.
struct AppendInfo {
  Offset first = kNoOffset;
  Offset last = kNoOffset;
  Timestamp log_append_time = kNoTimestamp;  // kNoTimestamp under CreateTime; of a duplicate, the original's largest
  Offset log_start = kNoOffset;
  bool duplicate = false;  // an idempotent producer's retry: `first` is where the original went, nothing was written
  LeaderEpoch leader_epoch = kNoLeaderEpoch;  // in which the leader was asked; replica::Partition's to say
  Offset end() const { return last + 1; }
};

// AppendError (log_validator.h) says why nothing was appended, as a Produce response does.
using AppendResult = std::expected<AppendInfo, AppendError>;

struct ReadLimits {
  std::size_t max_bytes = 1 << 20;
  Offset upper_bound{
      std::numeric_limits<std::int64_t>::max()};  // exclusive: high watermark, last stable offset or log end
  bool at_least_one_batch = true;                 // the first batch comes whole even when it is larger than max_bytes
  bool aborted_transactions = false;              // for read_committed: list those that overlap what is returned
};

struct FetchedData {
  Pieces records;  // whole batches; the first contains `from` or follows a gap there. Empty: nothing below upper_bound
  std::size_t bytes = 0;
  Offset first = kNoOffset;  // base offset of the first batch
  Offset next = kNoOffset;   // where to read on; `from` when empty
  std::vector<AbortedTransaction> aborted;
};

struct LogOffsets {
  Offset start, end, durable, high_watermark, last_stable;
};

struct TimestampAndOffset {
  Timestamp timestamp = kNoTimestamp;
  Offset offset = kNoOffset;  // kNoOffset: no such record
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

struct LogOptions {
  std::string directory;  // ".../orders-3"; created if missing, and its files with the first thing to put in them
  TopicPartition partition;
  Uuid topic_id;  // zero: whatever partition.metadata says
  LogConfig config;
  Offset recovery_point{0};          // everything below is on disk, checked before
  Offset log_start{0};               // from the checkpoint; the first segment's base offset if that is higher
  Offset high_watermark{0};          // from the checkpoint
  bool clean_shutdown = false;       // then nothing is scanned
  bool sync_every_append = true;     // FlushPolicy::every_append (log_syncer.h)
  std::shared_ptr<FileCache> files;  // of the shard
  // Brings a lower recovery point, and a start that is not above it, to disk; LogManager's. Nothing: nobody keeps
  // recovery points.
  std::function<Task<Result<>>(TopicPartition, Offset)> lower_recovery_point;
  // Brings a higher start to disk; LogManager's. Nothing: nobody keeps starts, and they move at once.
  std::function<Task<Result<>>(TopicPartition, Offset)> raise_start;
};

// Who reads what is appended.
enum class Readers : std::uint8_t {
  kSoon,    // somebody, before long: it stays in the page cache
  kSeldom,  // hardly anybody here: large appends go to the disk past the page cache, at a fraction of the cost
};

class Log;
using LogPtr = std::shared_ptr<Log>;

class Log : public std::enable_shared_from_this<Log> {
 public:
  // Opens or creates; recovers after an unclean stop (log_loader.h says how, recovered() what was cut). Damage below
  // the recovery point is an error that names the file and position; nothing is repaired silently.
  static Task<Result<LogPtr>> open(const Shard& shard, LogOptions options);
  ~Log();

  // ---- Appending. None of these waits; durable() or end_watermark() tell when it counts.

  // A client's batch (exactly one), or what a coordinator writes: validated, offsets assigned, sequences checked,
  // rolled, written.
  AppendResult append_as_leader(SharedBytes records, const AppendOptions& options);
  // Before a transaction's coordinator is asked about a batch of this producer: what the batch is appended with. See
  // ProducerStateManager::begin_verification().
  Result<VerificationGuard> begin_verification(const VerificationStart& start);
  void forget_verifications() { producers_.forget_verifications(); }
  void adopt_verifications(const Log& from) { producers_.adopt_verifications(from.producers_); }
  // Batches from the leader, as they are: offsets must not go back (kOffsetOutOfRange otherwise; gaps are fine), and
  // what is of a later epoch than the leader's is left out. Producers and epochs follow what is in them.
  AppendResult append_as_follower(SharedBytes records, LeaderEpoch leader_epoch = kAnyLeaderEpoch,
                                  Readers readers = Readers::kSoon);

  // ---- Reading

  // kOffsetOutOfRange when `from` is not in [start, end].
  Task<Result<FetchedData>> read(Offset from, ReadLimits limits);
  // ListOffsets for timestamps >= 0: the first record whose timestamp is >= `target`, looked for inside compressed
  // batches too.
  Task<Result<TimestampAndOffset>> offset_for_timestamp(Timestamp target);
  // ListOffsets -3: of the records below `upper`, the first that carries the largest timestamp; kNoOffset if none has
  // one.
  Task<Result<TimestampAndOffset>> offset_of_max_timestamp(Offset upper = Offset{
                                                               std::numeric_limits<std::int64_t>::max()});
  // OffsetForLeaderEpoch: the largest known epoch <= `epoch` and where it ends. See LeaderEpochCache::end_offset_for.
  // What is answered is on disk before, so that a restart does not forget it.
  Task<Result<record::EpochEnd>> end_offset_for_epoch(LeaderEpoch epoch);
  const record::LeaderEpochCache& epochs() const { return epochs_.epochs(); }
  LeaderEpoch latest_epoch() const;
  LeaderEpoch epoch_of(Offset offset) const;

  // ---- Offsets

  Offset start_offset() const { return start_; }
  // Where the log begins after a power loss, as far as delete_records_before() has moved it; not above start_offset(),
  // which retention moves too.
  Watermark& durable_start() { return durable_start_; }
  // Somebody wants it to be higher, and it will be.
  bool is_deleting() const { return durable_start_.value() < wanted_start_; }
  // Calls whenever the start has moved up; nothing: nobody any more.
  void when_start_moves(std::function<void()> listener) { start_listener_ = std::move(listener); }
  Offset end_offset() const { return syncer_->end().value(); }
  LogOffsets offsets() const;
  Watermark& end_watermark() { return syncer_->end(); }          // moves when bytes are readable
  Watermark& durable() { return syncer_->durable(); }            // moves when they survive a power loss
  Watermark& acknowledged() { return syncer_->acknowledged(); }  // moves when they count as written
  // min(first open transaction or one not yet decided below the high watermark, high watermark).
  Offset last_stable_offset() const;
  // Since when the disk has owed an answer to what was appended; nothing: it owes none, or nobody waits for it.
  std::optional<Instant> syncing_since() const;
  // What the replica last said; retention, the last stable offset and the checkpoint follow it. Never beyond the end.
  void set_high_watermark(Offset offset);
  Offset high_watermark() const { return high_watermark_; }

  // ---- Changing

  // The leader's epoch begins here (become_leader), although it has no batch yet. Costs nothing: it is on disk before
  // anybody is told of it.
  void start_epoch(LeaderEpoch epoch);
  // Drops everything at and above `to` (a batch that contains it goes whole), also an epoch that was to begin there.
  // Followers only: appends are refused meanwhile. The lower recovery point and the epochs are on disk before anything
  // is cut, so that a crash later does not look like damage below it, and the cut is on disk when this returns, so that
  // what went does not come back beside what follows.
  Task<Result<>> truncate_to(Offset to);
  // Empties the log; the next append has offset `start`. A follower too far behind.
  Task<Result<>> truncate_fully_and_start_at(Offset start);
  // DeleteRecords: moves the start up, as soon as that is on disk; durable_start() tells when. Nobody sees it before:
  // what begins at another offset after a power loss must not have told anybody of this one. kOffsetOutOfRange beyond
  // the high watermark. Segments wholly below go.
  Result<> delete_records_before(Offset offset);
  void set_config(LogConfig config);
  const LogConfig& config() const { return config_; }

  // ---- Background, called by LogManager

  // Retention by time, size and log start, never past the high watermark; an active segment that goes is rolled first.
  // Answers how many bytes went.
  Result<std::uint64_t> apply_retention();
  void expire_producers(Millis expiration);
  // ---- Compaction, called by Cleaner (cleaner.h); what does the work is in log_replace.cc

  struct Sealed {
    std::shared_ptr<LogSegment> segment;
    Offset end;  // where the next one begins
  };
  // All segments but the active one.
  std::vector<Sealed> sealed_segments() const;
  Offset first_segment_base() const { return segments_.front()->base(); }
  // The transactions that readers of [from, upper) have to leave out.
  Task<Result<std::vector<AbortedTransaction>>> aborted_between(Offset from, Offset upper);
  // The .cleaned files of the first one's base take the place of `replaced`, and are on the disk as that when this
  // returns. At any moment a crash leaves all of the old segments, or the new one. False: these are not the log's
  // segments any more, and nothing was done. An error that does not pass takes the log offline.
  // REQUIRES: the .cleaned files are on the disk, and no others are in the folder; replaced are sealed, and neighbours
  Task<Result<bool>> replace_segments(std::vector<std::shared_ptr<LogSegment>> replaced);
  // Whether what is known of its segments still holds: it is open, and nothing was cut since cuts() said so.
  bool is_as_of(std::uint64_t cuts) const { return check_writable().has_value() && syncer_->cuts() == cuts; }
  std::uint64_t cuts() const { return syncer_->cuts(); }
  // Its folder may be another log's by now.
  bool is_retired() const { return syncer_->is_retired(); }
  FileCache& files() const { return *files_; }

  // Asks for a sync of all there is and waits for it, or for a truncation that leaves nothing to wait for.
  Task<Result<>> flush();
  // Brings everything below durable() to disk that recovery would otherwise make again: indexes, epochs. Moves
  // recovery_point().
  Task<Result<>> checkpoint();
  Offset recovery_point() const { return recovery_point_; }
  // Syncs, writes indexes and a producer snapshot, and refuses appends from then on. An error leaves the folder as
  // after a crash.
  Task<Result<>> close();
  // The partition leaves this broker: nothing more is written or synced, waiters are woken, files are closed but stay.
  void retire();
  // Takes the log out of service at once, keeping the files: what stands is as after a crash.
  void take_offline(Error why);
  bool is_offline() const { return offline().has_value(); }
  const std::optional<Error>& offline() const { return syncer_->offline(); }

  // ---- Describing

  const TopicPartition& partition() const { return partition_; }
  Uuid topic_id() const { return topic_id_; }
  const std::string& directory() const { return directory_; }
  std::uint64_t size_bytes() const;
  std::size_t segment_count() const { return segments_.size(); }
  // The largest timestamp of what was written last: of the active segment.
  Timestamp newest_timestamp() const { return segments_.back()->max_timestamp(); }
  const ProducerStateManager& producers() const { return producers_; }
  // What opening it cut off.
  const Recovered& recovered() const { return recovered_; }
  // CHECKs what must always hold; for tests, and cheap enough for one after each step.
  void check_invariants() const;

 private:
  using SegmentPtr = std::shared_ptr<LogSegment>;
  struct Opening {};  // only open() makes logs

 public:
  Log(Opening, const Shard& shard, LogOptions options, LoadedLog loaded);
  Log(const Log&) = delete;

 private:
  // Appending
  Result<> check_open() const;
  Result<> check_writable() const;  // open, and no truncation is under way
  ValidationOptions validation(const AppendOptions& options, Timestamp now) const;
  Result<> roll_if_due(std::size_t bytes, Timestamp max_timestamp, Offset first, Offset last, Timestamp now);
  Result<> roll(Offset base, Timestamp now);
  Result<> write(std::initializer_list<BytesView> parts, Readers readers = Readers::kSoon);
  Result<> note_appended(const record::BatchView& batch, const BatchHeader& header);
  void finish_append(Offset end);
  Result<> begin_folder();
  Error failed(Error why);  // final unless the disk is full

  // Checkpoints
  Task<Result<>> settle_epochs();
  Task<Result<>> sync_side_files(std::vector<SegmentPtr> segments);
  bool has_nothing() const;

  // Segments
  LogSegment& active() { return *segments_.back(); }
  std::size_t segment_index(Offset offset) const;  // the last one whose base <= offset, else the first
  Offset segment_end(std::size_t i) const;
  Result<SegmentPtr> new_segment(Offset base, Timestamp now);
  void choose_roll_jitter();
  Result<> take_away(std::vector<SegmentPtr> segments);
  Result<std::uint64_t> delete_expired(std::size_t count);
  std::size_t expired_segments(Timestamp now) const;
  bool expired_by_time(const LogSegment& segment, Timestamp now) const;
  void start_moved(Offset start);
  static Task<> keep_start(LogPtr self);
  Result<> delete_now(Offset offset);

  // Truncation
  Task<Result<>> truncate_alone(Offset to);
  Task<Result<>> sync_cut();
  Task<Result<>> empty_alone(Offset start);
  Task<Result<>> recover_producers_to(Offset end);
  Task<Result<>> lower_recovery_point(Offset to);
  Task<Result<>> cut_at(Offset to);
  Result<> empty_and_start_at(Offset start);

  std::string snapshot_path(Offset offset) const;
  Result<> write_snapshot(Offset offset);

  // Reading. As of the segments when they are called, which compaction may replace meanwhile.
  Task<Result<TimestampAndOffset>> look_for_timestamp(Timestamp target);
  Task<Result<TimestampAndOffset>> look_for_max_timestamp(Offset upper);

  // Compaction
  Result<> mark_gaps();
  bool has_neighbours(const std::vector<SegmentPtr>& segments) const;
  Result<std::vector<FilePtr>> hold_files(const std::vector<SegmentPtr>& segments);
  Task<Result<>> replace_alone(const std::vector<SegmentPtr>& replaced);
  Task<Result<>> sync_names_here();
  Result<> rename_cleaned(Offset base, std::string_view from, std::string_view to);
  Result<> put_in_place(const std::vector<SegmentPtr>& replaced);

  const Shard& shard_;
  const std::string directory_;
  const TopicPartition partition_;
  const Uuid topic_id_;
  const std::shared_ptr<FileCache> files_;
  LogConfig config_;
  const std::function<Task<Result<>>(TopicPartition, Offset)> lower_recovery_point_, raise_start_;
  Millis roll_jitter_{0};  // of the active segment

  const std::shared_ptr<LogSyncer> syncer_;
  std::vector<SegmentPtr> segments_;  // by base offset; never empty
  LeaderEpochFile epochs_;
  ProducerStateManager producers_;
  Offset start_;
  Watermark durable_start_;
  Offset wanted_start_{0};            // what somebody wants to be deleted, on disk or not
  std::uint64_t starts_lowered_ = 0;  // how often, so that nobody believes what was written before
  bool keeping_start_ = false;        // a start is being written
  std::function<void()> start_listener_;
  Offset high_watermark_;
  Offset recovery_point_;
  const Recovered recovered_;

  bool blank_;      // nothing is in the folder yet
  bool untouched_;  // as a clean stop left it, so the next needs no work
  bool closed_ = false;
  bool gaps_marked_;
  bool replacing_ = false;  // no segment may go meanwhile
  std::uint64_t replacements_ = 0;
  bool truncating_ = false;  // from lowering the recovery point on disk until the producers are known again
  Turn checkpoint_turn_;
  Turn truncation_turn_;  // also close()
};

}  // namespace thalweg::storage
