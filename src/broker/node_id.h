// Which node a process is that was told to join a cluster (--join, thalweg.join) and not under which node.id: the one
// that its directories say, else one that the cluster's leader offers. Before there is a broker.
//
// An offer is kept free for a minute (QuorumReceiver). That nobody else has taken it is decided when the node joins: a
// new node never takes the place of another one's replaced disk.
#pragma once

#include "config/broker_config.h"
#include "runtime/shard.h"

namespace thalweg::broker {

struct NodeIdentity {
  BrokerId id = kNoBroker;
  bool is_new = false;  // nobody has said yet that this id is this node's
};

// Asks until somebody offers an id; as long as it takes. An error: what the directories say cannot be read.
// REQUIRES: config::lets_the_cluster_choose_its_id(config)
Task<Result<NodeIdentity>> node_identity(const Shard& shard, const config::BrokerConfig& config);

}  // namespace thalweg::broker
