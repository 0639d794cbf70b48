// Moves replicas between the log directories of this broker while they serve (KIP-113): AlterReplicaLogDirs asks for
// one, a future log is filled beside the log and takes its place, and the controller is told where the replica lies now
// (KIP-858). What a crash or a stop interrupts goes on with the next start, since the copy's folder says so.
//
// Owner: shard 0; the copying is done on the partition's shard. What is safe at which moment is said in
// storage/log_manager_future.cc.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "broker/broker.h"
#include "replica/future_replica.h"
#include "replica/partition_key.h"
#include "runtime/turn.h"

namespace thalweg::broker {

class DirectoryMoves {
 public:
  // `throttle`: replica.alter.log.dirs.io.max.bytes.per.second.
  DirectoryMoves(Broker& broker, std::shared_ptr<replica::ReplicationThrottle> throttle);
  DirectoryMoves(const DirectoryMoves&) = delete;

  // The replica shall lie in `directory`. A move to another one is given up; where it lies there already, that is all.
  // The move has begun when this returns. kLogDirNotFound; kReplicaNotAvailable when it is not here yet: it will be
  // made in `directory` then.
  Task<Result<>> move(TopicPartition partition, replica::PartitionKey key, std::string directory);
  // The replica is served from now on: a move that was interrupted goes on.
  void hosted(TopicPartition partition, replica::PartitionKey key);
  // The replica leaves this broker: nothing of a move goes on when this returns.
  Task<> give_up(TopicPartition partition);
  // Copies of what is no more on this broker. Once all that is was hosted.
  Task<> drop_foreign();
  // Those under way stop where they are.
  Task<> stop();

 private:
  struct Move {
    std::shared_ptr<replica::FutureReplica> replica;
    replica::PartitionKey key;
    bool given_up = false;
    std::vector<OneShot<bool>> waiting = {};  // for its end
  };
  using MovePtr = std::shared_ptr<Move>;

  Task<Result<>> begin(TopicPartition partition, replica::PartitionKey key, std::string directory);
  Task<> resume(TopicPartition partition, replica::PartitionKey key, std::string directory);
  Task<> run(TopicPartition partition, MovePtr move);
  Task<Result<>> carry_out(TopicPartition partition, MovePtr move);
  Task<> ended(TopicPartition partition);
  void tell_to_stop(const Move& move) const;

  Broker& broker_;
  const std::shared_ptr<replica::ReplicationThrottle> throttle_;
  std::map<TopicPartition, MovePtr> moves_;
  Turn turn_;  // who begins or ends one
  bool stopping_ = false;
};

}  // namespace thalweg::broker
