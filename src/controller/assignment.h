// From an assignment, chosen or given, to the record of a new partition.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/decision.h"
#include "controller/replica_placement.h"

namespace thalweg::controller {

// Brokers that somebody named: at least one, registered, none twice, and as many as `replicas` if that is given.
// kInvalidReplicaAssignment otherwise.
Result<> validate_assignment(const metadata::Image& image, const Assignment& assignment,
                             std::optional<std::size_t> replicas);

// All active replicas are in sync and the first of them leads. kInvalidReplicaAssignment if none is active.
Result<protocol::PartitionRecord> new_partition(const metadata::Image& image, Uuid topic, PartitionId id,
                                                const Assignment& assignment);

}  // namespace thalweg::controller
