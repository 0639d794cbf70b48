// Which replicas a topic's options name as throttled: leader.replication.throttled.replicas and
// follower.replication.throttled.replicas. Pure.
// Source: ThrottledReplicaListValidator, ReplicationQuotaManager.isThrottled.
#pragma once

#include <string>
#include <vector>

#include "base/types.h"

namespace thalweg::replication {

// Whether `list`, as it was validated, names this replica: "*" is all, and 3:1 is that of partition 3 on broker 1.
bool names_replica(const std::vector<std::string>& list, PartitionId partition, BrokerId broker);

}  // namespace thalweg::replication
