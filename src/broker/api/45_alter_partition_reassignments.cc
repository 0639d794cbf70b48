// AlterPartitionReassignments (45), versions 0-1 (KIP-455, KIP-860): the controller decides.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::AlterPartitionReassignmentsResponse> alter_partition_reassignments(
    const RequestContext& context, protocol::AlterPartitionReassignmentsRequest request) {
  auto response = co_await forward<protocol::AlterPartitionReassignmentsResponse>(context, std::move(request));
  if (response) co_return std::move(*response);
  protocol::AlterPartitionReassignmentsResponse refused;
  refused.error_code = response.error().code;
  refused.error_message = response.error().message;
  co_return refused;
}

}  // namespace

extern const Api kAlterPartitionReassignments = serve<&alter_partition_reassignments>;

}  // namespace thalweg::broker
