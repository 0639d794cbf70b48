// InitProducerId (22), versions 0-5, for idempotent producers (KIP-98). Not done: transactional ids are refused until
// the transaction coordinator exists.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/producer_ids.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::InitProducerIdResponse> init_producer_id(const RequestContext& context,
                                                        protocol::InitProducerIdRequest request) {
  protocol::InitProducerIdResponse response;
  response.producer_epoch = kNoProducerEpoch;
  if (request.transactional_id) {
    response.error_code =
        request.transactional_id->empty() ? ErrorCode::kInvalidRequest : ErrorCode::kTransactionalIdAuthorizationFailed;
    co_return response;
  }
  // Whoever continues says from where: an id and its epoch (KIP-360).
  if ((request.producer_id == kNoProducerId) != (request.producer_epoch == kNoProducerEpoch)) {
    response.error_code = ErrorCode::kInvalidRequest;
    co_return response;
  }
  auto& broker = context.here.broker;
  const auto id = co_await broker.shard0().call(broker.producer_ids(), &ProducerIds::next);
  if (!id) {
    // Clients try again after this one; what failed is the controller, not they.
    response.error_code = ErrorCode::kCoordinatorLoadInProgress;
    co_return response;
  }
  response.producer_id = *id;
  response.producer_epoch = ProducerEpoch{0};
  co_return response;
}

}  // namespace

extern const Api kInitProducerId = serve<&init_producer_id>;

}  // namespace thalweg::broker
