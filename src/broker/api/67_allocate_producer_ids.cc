// AllocateProducerIds (67), version 0 (KIP-730): a broker asks the controller for a block of producer ids.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"

namespace thalweg::broker {
namespace {

Task<Staged<protocol::AllocateProducerIdsResponse>> allocate_producer_ids(
    const RequestContext& context, protocol::AllocateProducerIdsRequest request) {
  co_return staged_answer_as_controller<protocol::AllocateProducerIdsResponse>(context, std::move(request));
}

}  // namespace

extern const Api kAllocateProducerIds = serve<&allocate_producer_ids>;

}  // namespace thalweg::broker
