// Where the replicas of new partitions go: round robin over racks and, within each rack, over its brokers, from a
// random start, so that leaders and replicas spread evenly over both. A leader is active; the other replicas rather go
// to another rack than to an active broker of the same, as Kafka's StripedReplicaPlacer has it: a rack that is down
// comes back. Within a rack, active brokers come first.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "controller/random.h"
#include "metadata/image.h"

namespace thalweg::controller {

using Assignment = std::vector<BrokerId>;  // the first is the preferred leader

// kInvalidReplicationFactor if fewer brokers are registered than replicas wanted, or all are fenced.
// REQUIRES: partitions >= 0, replicas >= 1
Result<std::vector<Assignment>> place_replicas(const metadata::BrokersSection& brokers, std::int32_t partitions,
                                               std::int16_t replicas, Random& random);

}  // namespace thalweg::controller
