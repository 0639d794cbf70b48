// A Partition is a log with a role. Leader: takes appends, moves the high watermark, answers reads. A replica of which
// another broker is leader refuses both with NOT_LEADER_OR_FOLLOWER.
//
// The promise: with acks=all a record is on the disk of every in-sync replica before the high watermark passes it. In a
// partition whose only in-sync replica is this broker, the high watermark therefore follows Log::durable(). With
// Durability::kMemory it follows the log's end instead, as Apache Kafka does without flush.messages.
//
// Owner: the partition's shard. Invariant: high watermark <= log end, and it never goes back while the role lasts.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "metadata/image.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"
#include "storage/log.h"

namespace thalweg::replica {

enum class Durability { kDisk, kMemory };

enum class Isolation {
  kLogEnd,         // followers, and debugging consumers
  kHighWatermark,  // read_uncommitted
  kLastStable,     // read_committed
};

struct AppendRequest {
  SharedBytes records;
  storage::AppendOrigin origin = storage::AppendOrigin::kClient;
  std::int16_t produce_version = 13;
  std::optional<record::RecordFacts> walked;  // see storage::ValidationOptions
  bool all_in_sync = true;                    // acks=all: refused while fewer than min.insync.replicas are in sync
};

struct ReadRequest {
  Offset from;
  std::size_t bytes_max = 1 << 20;
  bool at_least_one_batch = true;
  Isolation isolation = Isolation::kHighWatermark;
  LeaderEpoch current_leader_epoch = kNoLeaderEpoch;  // what the client believes; checked if not -1 (KIP-320)
  LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;    // of the record before `from`; checked if not -1 (KIP-595)
};

struct ReadResult {
  Offset high_watermark = kNoOffset;
  Offset last_stable_offset = kNoOffset;
  Offset log_start_offset = kNoOffset;
  std::optional<storage::EpochEnd> diverging;  // the reader must truncate; there are no records then
  storage::FetchedData data;
};

// What ListOffsets asks for; the wire's numbers below zero are spelled out by whoever calls.
struct OffsetQuery {
  enum class Kind { kLatest, kEarliest, kMaxTimestamp, kEarliestLocal, kTimestamp } kind = Kind::kLatest;
  Timestamp timestamp = kNoTimestamp;
  Isolation isolation = Isolation::kHighWatermark;
  LeaderEpoch current_leader_epoch = kNoLeaderEpoch;
};

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  Partition(const Shard& shard, BrokerId self, storage::LogPtr log, Durability durability);
  ~Partition();

  // What the image says now. Also called for a change that concerns somebody else.
  void update(const metadata::Partition& state);
  // The partition left this broker or was deleted: everybody who waits is told so.
  void stop();

  bool is_leader() const { return !stopped_ && leader_ == self_; }
  BrokerId leader() const { return leader_; }
  LeaderEpoch leader_epoch() const { return leader_epoch_; }
  Watermark& high_watermark() { return high_watermark_; }
  // Nobody else has to confirm a record: what is waited for is this broker's disk.
  bool is_alone_in_sync() const { return isr_.size() == 1; }
  storage::Log& log() { return *log_; }
  const storage::LogPtr& log_ptr() const { return log_; }
  const Shard& shard() const { return shard_; }

  // Errors beside those of Log: kNotLeaderOrFollower, kNotEnoughReplicas.
  storage::AppendResult append_as_leader(AppendRequest request);
  // kNotLeaderOrFollower, kFencedLeaderEpoch, kUnknownLeaderEpoch, kOffsetOutOfRange, kKafkaStorageError.
  Task<Result<ReadResult>> read(ReadRequest request);
  // Offset kNoOffset with success: there is no such record.
  Task<Result<storage::TimestampAndOffset>> find_offset(OffsetQuery query);
  // OffsetForLeaderEpoch: (-1, -1) if no such epoch is known.
  Result<storage::EpochEnd> end_offset_for_epoch(LeaderEpoch current, LeaderEpoch asked);
  // DeleteRecords: `before` kNoOffset means the high watermark. Answers the new log start.
  Result<Offset> delete_records(Offset before);

  // Where readers of this isolation stop.
  Offset bound(Isolation isolation) const;
  // Calls once when the high watermark (kLogEnd: the log's end) is above `seen`, at which the reader last looked, or
  // when the role ended.
  std::unique_ptr<Watermark::Registration> once_readable(Isolation isolation, Offset seen,
                                                         std::move_only_function<void()> listener);

 private:
  Result<> check_leader(LeaderEpoch believed) const;
  Watermark& acknowledged() { return durability_ == Durability::kDisk ? log_->durable() : log_->end_watermark(); }
  void follow_log();

  const Shard& shard_;
  const BrokerId self_;
  const storage::LogPtr log_;
  const Durability durability_;
  Watermark high_watermark_;
  std::unique_ptr<Watermark::Registration> following_;
  BrokerId leader_ = kNoBroker;
  LeaderEpoch leader_epoch_ = kNoLeaderEpoch;
  std::vector<BrokerId> isr_;
  std::size_t replicas_ = 0;
  bool stopped_ = false;
};
using PartitionPtr = std::shared_ptr<Partition>;

}  // namespace thalweg::replica
