// ListPartitionReassignments (46), version 0 (KIP-455): answered from the image.
#include "broker/api/api.h"
#include "controller/reassignments.h"

namespace thalweg::broker {
namespace {

Task<protocol::ListPartitionReassignmentsResponse> list_partition_reassignments(
    const RequestContext& context, protocol::ListPartitionReassignmentsRequest request) {
  co_return controller::list_partition_reassignments(*context.image, request);
}

}  // namespace

extern const Api kListPartitionReassignments = serve<&list_partition_reassignments>;

}  // namespace thalweg::broker
