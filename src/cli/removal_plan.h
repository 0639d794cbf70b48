// What it takes to remove a broker from a cluster: which replicas go where, whether it votes, and why it cannot be
// done. Pure.
#pragma once

#include <optional>
#include <vector>

#include "cli/cluster_state.h"
#include "cli/partition_plan.h"

namespace thalweg::cli {

struct RemovalPlan {
  BrokerId broker;
  std::vector<PlannedMove> moves;      // to begin
  std::vector<PlannedMove> under_way;  // begun already, by an earlier run perhaps
  std::optional<Uuid> votes_on;        // the directory by which it votes in the metadata quorum
  bool registered = false;             // is one of the brokers still

  bool is_drained() const { return moves.empty() && under_way.empty(); }
  bool is_done() const { return is_drained() && !votes_on && !registered; }
};

// Replicas go to who carries least, in other racks where there are any (partition_plan.h).
//   kBrokerNotAvailable        there is no such node
//   kInvalidReplicationFactor  fewer brokers that are up would be left than a partition has replicas
//   kNotEnoughReplicas         a partition cannot be copied: nobody leads it
Result<RemovalPlan> plan_removal(const ClusterState& state, BrokerId broker);

}  // namespace thalweg::cli
