// Which replicas partitions shall have: little is copied, brokers carry alike, racks stay apart. Pure.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "admin/cluster.h"
#include "cli/cluster_state.h"

namespace thalweg::cli {

struct PlannedMove {
  TopicPartition partition;
  std::vector<BrokerId> from, to;

  std::vector<BrokerId> adds() const;
  std::vector<BrokerId> removes() const;
};

struct MoveWish {
  std::vector<BrokerId> onto;           // only these; empty: any that is up, and whoever has a replica keeps it
  std::set<BrokerId> off;               // none of these
  std::optional<std::size_t> replicas;  // of each partition; nothing: as many as now
};

// Those of `chosen` that have to move, in their order. Replicas that may stay do; the others go to who carries least,
// in another rack where there is one. One partition with as many replicas as `onto` has brokers takes them in that
// order. `all` is by topic and number. kInvalidReplicationFactor when there are not enough brokers.
Result<std::vector<PlannedMove>> plan_moves(const std::vector<admin::BrokerDescription>& brokers,
                                            const std::vector<PartitionState>& all,
                                            const std::vector<TopicPartition>& chosen, const MoveWish& wish);

}  // namespace thalweg::cli
