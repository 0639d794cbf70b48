// EndTxn (26), versions 0-5: answered when the end is decided; markers follow (KIP-98). From version 5 on every end
// gives the producer its next epoch, or a new id (KIP-890).
#include "broker/api/api.h"
#include "broker/api/transactions.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/transaction_coordinator.h"
#include "protocol/end_txn_request.h"
#include "protocol/end_txn_response.h"

namespace thalweg::broker {
namespace {

constexpr std::int16_t kEndBumpsEpochFrom = 5, kEndKnowsFencedFrom = 2;

Task<protocol::EndTxnResponse> end_txn(const RequestContext& context, protocol::EndTxnRequest request) {
  protocol::EndTxnResponse response;
  const auto& id = request.transactional_id;
  if (!context.allows(Operation::kWrite, transactional_id_resource(id))) {
    response.error_code = ErrorCode::kTransactionalIdAuthorizationFailed;
    co_return response;
  }
  const std::int16_t version = context.version >= kEndBumpsEpochFrom ? transaction::kEpochBumpFrom : std::int16_t{0};
  const auto answer = co_await context.here.broker.transactions().ask_for_producer(
      context, id,
      transaction::EndTransaction{.transactional_id = id,
                                  .producer_id = request.producer_id,
                                  .producer_epoch = request.producer_epoch,
                                  .commit = request.committed,
                                  .client_version = version});
  response.error_code = fenced_as_known(answer.error, context.version, kEndKnowsFencedFrom);
  response.producer_id = answer.producer_id;
  response.producer_epoch = answer.producer_epoch;
  co_return response;
}

}  // namespace

extern const Api kEndTxn = serve<&end_txn>;

}  // namespace thalweg::broker
