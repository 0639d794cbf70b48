// Where the partitions of this broker meet the others: followers reach their leaders over the listener between brokers,
// and leaders ask the controller for changes of their in-sync replicas.
//
// Owner: shard 0; what it gives to the other shards lives on them.
#pragma once

#include <memory>

#include "config/broker_config.h"
#include "replica/alter_partition_queue.h"
#include "replica/partitions.h"
#include "replica/replication_throttle.h"
#include "runtime/task.h"

namespace thalweg::broker {

class Broker;
class BrokerShard;

class Replication {
 public:
  explicit Replication(Broker& broker);

  // Hands every shard what its partitions need. REQUIRES: no partition is hosted yet
  Task<> start();
  void stop() { queue_->stop(); }

  // The rates of throttled replicas (KIP-73) are these from now on.
  void follow(const config::BrokerConfig& in_force);
  replica::ReplicationThrottle& leader_throttle() { return *leader_throttle_; }
  // Of copies between log directories (KIP-113).
  const std::shared_ptr<replica::ReplicationThrottle>& directory_throttle() const { return directory_throttle_; }

 private:
  replica::ReplicationLinks links_of(BrokerShard& here);
  void propose(replica::IsrProposal proposal);

  Broker& broker_;
  const std::unique_ptr<replica::AlterPartitionQueue> queue_;
  const std::shared_ptr<replica::ReplicationThrottle> leader_throttle_, follower_throttle_, directory_throttle_;
};

// Which process of a broker says something: by the epoch that it names (-1: none), and the registration known here.
enum class Speaker : std::uint8_t {
  kRegistered,  // or nobody can tell: the broker is not registered, or of another kind and names none
  kGone,        // the broker has registered again since
  kUnknown,     // a later one than is known here, or not that broker at all: one of this kind always names its epoch
};
Speaker speaker_of(const metadata::Image& image, BrokerId id, std::int64_t broker_epoch);

// Whether the broker may be in sync: it is there, not about to leave, and this very process.
bool may_be_in_sync(const metadata::Image& image, BrokerId id, std::int64_t broker_epoch);

}  // namespace thalweg::broker
