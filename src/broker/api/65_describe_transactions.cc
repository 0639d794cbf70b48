// DescribeTransactions (65), version 0: transactional ids that this broker coordinates (KIP-664).
#include "broker/answer_bound.h"
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/transaction_coordinator.h"
#include "protocol/describe_transactions_request.h"
#include "protocol/describe_transactions_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using transaction::Described;

std::size_t size_of(const Described& described) {
  std::size_t size = sizeof described + described.transactional_id.size() + described.transaction_state.size();
  for (const auto& topic : described.topics)
    size += sizeof topic + topic.topic.size() + topic.partitions.size() * sizeof(PartitionId);
  return size;
}

Described not_described(const std::string& id, ErrorCode error) {
  Described described;
  described.transactional_id = id;
  described.error_code = error;
  return described;
}

Task<Described> describe_one(const RequestContext& context, const std::string& id) {
  if (!context.allows(Operation::kDescribe, transactional_id_resource(id)))
    co_return not_described(id, ErrorCode::kTransactionalIdAuthorizationFailed);
  if (id.empty()) co_return not_described(id, ErrorCode::kInvalidRequest);
  auto answer =
      co_await context.here.broker.transactions().ask<Described>(context, id, transaction::DescribeTransaction{id});
  co_return answer ? std::move(*answer) : not_described(id, answer.error().code);
}

Task<protocol::DescribeTransactionsResponse> describe_transactions(const RequestContext& context,
                                                                   protocol::DescribeTransactionsRequest request) {
  protocol::DescribeTransactionsResponse response;
  constexpr std::size_t kIdsAtOnce = 100;
  Pace pace(kIdsAtOnce);
  AnswerBound bound(context);
  for (const auto& id : request.transactional_ids) {
    if (pace.due()) co_await give_way();
    auto described = co_await describe_one(context, id);
    if (const auto room = bound.add(size_of(described)); !room) described = not_described(id, room.error().code);
    response.transaction_states.push_back(std::move(described));
  }
  co_return response;
}

}  // namespace

extern const Api kDescribeTransactions = serve<&describe_transactions>;

}  // namespace thalweg::broker
