// ListPartitionReassignments (46), version 0 (KIP-455): answered from the image.
#include "broker/api/handlers.h"
#include "controller/reassignments.h"

namespace thalweg::broker {

Task<protocol::ListPartitionReassignmentsResponse> list_partition_reassignments(
    const RequestContext& context, protocol::ListPartitionReassignmentsRequest request) {
  co_return controller::list_partition_reassignments(*context.image, request);
}

}  // namespace thalweg::broker
