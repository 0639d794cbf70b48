// AddOffsetsToTxn (25), versions 0-4: the offsets of a group are committed within a transaction (KIP-98). What is added
// is the partition of __consumer_offsets that the group belongs to.
#include "broker/api/api.h"
#include "broker/api/transactions.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "broker/transaction_coordinator.h"
#include "protocol/add_offsets_to_txn_request.h"
#include "protocol/add_offsets_to_txn_response.h"
#include "record/hash.h"

namespace thalweg::broker {
namespace {

using protocol::AddOffsetsToTxnRequest;
using protocol::AddOffsetsToTxnResponse;

constexpr std::int16_t kAddOffsetsKnowsFencedFrom = 2;

Task<ErrorCode> add_offsets(RequestContext context, AddOffsetsToTxnRequest request) {
  const auto& id = request.transactional_id;
  if (!context.allows(Operation::kWrite, transactional_id_resource(id)))
    co_return ErrorCode::kTransactionalIdAuthorizationFailed;
  if (!context.allows(Operation::kRead, group_resource(request.group_id)))
    co_return ErrorCode::kGroupAuthorizationFailed;
  // Made by the first who needs it, as FindCoordinator does.
  if (!context.image->topic(kOffsetsTopic)) {
    if (!co_await create_internal_topic(context, std::string(kOffsetsTopic)))
      co_return ErrorCode::kCoordinatorNotAvailable;
    context.image = context.here.image();
  }
  const auto topic = context.image->topic(kOffsetsTopic);
  if (!topic || topic->partitions.empty()) co_return ErrorCode::kCoordinatorNotAvailable;
  const auto partition = record::coordinator_partition(request.group_id, std::int32_t(topic->partitions.size()));
  const auto answer = co_await context.here.broker.transactions().ask<transaction::PartitionsReply>(
      context, id,
      transaction::AddPartitions{.transactional_id = id,
                                 .producer_id = request.producer_id,
                                 .producer_epoch = request.producer_epoch,
                                 .partitions = {{std::string(kOffsetsTopic), {partition}}}});
  co_return answer ? answer->error : answer.error().code;
}

Task<AddOffsetsToTxnResponse> add_offsets_to_txn(const RequestContext& context, AddOffsetsToTxnRequest request) {
  const ErrorCode error = co_await add_offsets(context, std::move(request));
  AddOffsetsToTxnResponse response;
  response.error_code = fenced_as_known(error, context.version, kAddOffsetsKnowsFencedFrom);
  co_return response;
}

}  // namespace

extern const Api kAddOffsetsToTxn = serve<&add_offsets_to_txn>;

}  // namespace thalweg::broker
