// AlterPartition (56), versions 2-3 (KIP-497, KIP-903): a leader asks the controller to change who is in sync.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "protocol/alter_partition_request.h"
#include "protocol/alter_partition_response.h"

namespace thalweg::broker {
namespace {

Task<Staged<protocol::AlterPartitionResponse>> alter_partition(const RequestContext& context,
                                                               protocol::AlterPartitionRequest request) {
  co_return staged_answer_as_controller<protocol::AlterPartitionResponse>(context, std::move(request));
}

}  // namespace

extern const Api kAlterPartition = serve<&alter_partition>;

}  // namespace thalweg::broker
