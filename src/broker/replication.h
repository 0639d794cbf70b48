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

// Whether the broker may be in sync: it is there, not about to leave, and this very process.
bool may_be_in_sync(const metadata::Image& image, BrokerId id, std::int64_t broker_epoch);

}  // namespace thalweg::broker
