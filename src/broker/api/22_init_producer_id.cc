// InitProducerId (22), versions 0-5, for idempotent and transactional producers (KIP-98, KIP-360). Not done: version 6,
// which is for two-phase commit by others (KIP-939).
#include "broker/api/api.h"
#include "broker/api/transactions.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/producer_ids.h"
#include "broker/transaction_coordinator.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"

namespace thalweg::broker {
namespace {

using protocol::InitProducerIdRequest;
using protocol::InitProducerIdResponse;

constexpr std::int16_t kInitKnowsFencedFrom = 4;

InitProducerIdResponse no_producer(ErrorCode error) {
  InitProducerIdResponse response;
  response.error_code = error;
  response.producer_epoch = kNoProducerEpoch;
  return response;
}

Task<InitProducerIdResponse> init_idempotent(const RequestContext& context) {
  auto& broker = context.here.broker;
  const auto id = co_await broker.shard0().call(broker.producer_ids(), &ProducerIds::next);
  // Clients try again after this one; what failed is the controller, not they.
  if (!id) co_return no_producer(ErrorCode::kCoordinatorLoadInProgress);
  InitProducerIdResponse response;
  response.producer_id = *id;
  response.producer_epoch = ProducerEpoch{0};
  co_return response;
}

Task<InitProducerIdResponse> init_transactional(const RequestContext& context, InitProducerIdRequest request) {
  const auto& id = *request.transactional_id;
  if (!context.allows(Operation::kWrite, transactional_id_resource(id)))
    co_return no_producer(ErrorCode::kTransactionalIdAuthorizationFailed);
  const auto answer = co_await context.here.broker.transactions().ask_for_producer(
      context, id,
      transaction::InitProducer{id, request.transaction_timeout_ms, request.producer_id, request.producer_epoch});
  if (answer.error != ErrorCode::kNone)
    co_return no_producer(fenced_as_known(answer.error, context.version, kInitKnowsFencedFrom));
  InitProducerIdResponse response;
  response.producer_id = answer.producer_id;
  response.producer_epoch = answer.producer_epoch;
  co_return response;
}

Task<InitProducerIdResponse> init_producer_id(const RequestContext& context, InitProducerIdRequest request) {
  if (request.transactional_id && request.transactional_id->empty()) co_return no_producer(ErrorCode::kInvalidRequest);
  // Whoever continues says from where: an id and its epoch (KIP-360).
  if ((request.producer_id == kNoProducerId) != (request.producer_epoch == kNoProducerEpoch))
    co_return no_producer(ErrorCode::kInvalidRequest);
  if (request.transactional_id) co_return co_await init_transactional(context, std::move(request));
  co_return co_await init_idempotent(context);
}

}  // namespace

extern const Api kInitProducerId = serve<&init_producer_id>;

}  // namespace thalweg::broker
