// Where replicas and leaders should be so that all brokers carry alike, with few moves: what `thalweg cluster
// rebalance` does after brokers were added. Pure and deterministic.
//
// What the plan keeps: no partition has two replicas on a broker, none lies in fewer racks than before, and each has as
// many replicas. What it reaches: without racks, brokers differ by one replica at most; leaders by one where replicas
// leave the choice. A replica moves only to a broker that has at least two fewer, or out of a rack that holds another
// one of its partition while some rack holds none; without racks no more are moved than brokers have above the mean.
// Which ones is chosen by bytes.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "admin/cluster.h"
#include "cli/cluster_state.h"
#include "cli/partition_plan.h"

namespace thalweg::cli {

// `all` is by topic and number; `sizes` in bytes, 0 for those that are missing. Brokers that are down get nothing, and
// keep what they have. Partitions that are being moved are left as they will be. The first of PlannedMove::to is who
// leads; a move that only changes the order copies nothing.
std::vector<PlannedMove> plan_rebalance(const std::vector<admin::BrokerDescription>& brokers,
                                        const std::vector<PartitionState>& all,
                                        const std::map<TopicPartition, std::int64_t>& sizes);

}  // namespace thalweg::cli
