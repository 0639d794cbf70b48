// Moving partitions to other replicas (KIP-455): a partition keeps the old replicas until all of the new ones are in
// sync, and says meanwhile which it adds and which it removes.
#pragma once

#include <cstdint>

#include "controller/decision.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/list_partition_reassignments_request.h"
#include "protocol/list_partition_reassignments_response.h"

namespace thalweg::controller {

// Replicas for a partition start a reassignment, or change the one under way; null replicas take it back.
Decision<protocol::AlterPartitionReassignmentsResponse> alter_partition_reassignments(
    const metadata::Image& image, const Options& options, const protocol::AlterPartitionReassignmentsRequest& request);

// Those under way, of the partitions asked for or of all. What is not there is left out.
protocol::ListPartitionReassignmentsResponse list_partition_reassignments(
    const metadata::Image& image, const protocol::ListPartitionReassignmentsRequest& request);

}  // namespace thalweg::controller
