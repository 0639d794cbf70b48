// Fills a future log: a copy of a partition's log in another directory of this broker, made while the partition serves
// (KIP-113). What follows the log follows it here as well: it is cut where the log was, and begins where the log
// begins.
//
// Owner: the partition's shard. Held by shared_ptr while fill() runs.
// Source: ReplicaAlterLogDirsThread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "replica/partition.h"
#include "replica/replication_throttle.h"
#include "runtime/stop_signal.h"

namespace thalweg::replica {

class FutureReplica {
 public:
  // `throttle`: of copies between directories; nothing: they are not slowed.
  FutureReplica(const Shard& shard, PartitionPtr partition, storage::LogPtr future,
                std::shared_ptr<ReplicationThrottle> throttle);
  FutureReplica(const FutureReplica&) = delete;

  // Done when the future log has all that the log has and the partition is frozen, so that this stays true: whoever
  // calls thaws it. An error: it is not frozen; kOperationNotAttempted after stop().
  Task<Result<>> fill();
  void stop() { stopping_.give(); }
  const PartitionPtr& partition() const { return partition_; }

 private:
  enum class Copied { kSome, kNothing };
  Task<Result<>> copy_all(bool throttled);
  Task<Result<Copied>> copy_some();
  Task<Result<>> append(storage::FetchedData data);
  Task<Result<>> align();
  Task<Result<>> align_epochs();
  Result<> follow_ends();
  Task<Result<>> wait_for_throttle();

  const Shard& shard_;
  const PartitionPtr partition_;
  const storage::LogPtr future_;
  const std::shared_ptr<ReplicationThrottle> throttle_;
  StopSignal stopping_;
  std::optional<std::uint64_t> aligned_;  // the cuts of the partition that it has followed
};

}  // namespace thalweg::replica
