// AddPartitionsToTxn (24), versions 0-5. Up to 3: one transaction, from its producer (KIP-98). From 4 on: many, from
// brokers that are written to, which add the partitions (KIP-890) or only ask whether they are in the transaction.
#include <algorithm>
#include <iterator>
#include <map>

#include "broker/api/api.h"
#include "broker/api/transactions.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "broker/transaction_coordinator.h"
#include "protocol/add_partitions_to_txn_request.h"
#include "protocol/add_partitions_to_txn_response.h"
#include "runtime/gather.h"

namespace thalweg::broker {
namespace {

using protocol::AddPartitionsToTxnRequest;
using protocol::AddPartitionsToTxnResponse;
using AddedTopic = AddPartitionsToTxnRequest::AddPartitionsToTxnTopic;
using AddedTopicResult = AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult;
using transaction::AddPartitions;
using transaction::Partitions;

constexpr std::int16_t kBrokersFrom = 4, kEpochBumpIn = 5, kAddKnowsFencedFrom = 2;
// Each waits for the disk once, and all of them together.
constexpr std::size_t kTransactionsAtOnce = 200;

Partitions partitions_of(const std::vector<AddedTopic>& topics) {
  Partitions partitions;
  for (const auto& topic : topics) partitions[topic.name].insert(topic.partitions.begin(), topic.partitions.end());
  return partitions;
}

// Those that cannot be added; nothing: all can.
std::map<TopicPartition, ErrorCode> bad_ones(const RequestContext& context, const Partitions& asked) {
  std::map<TopicPartition, ErrorCode> bad;
  for (const auto& [topic, partitions] : asked) {
    const bool allowed = context.version >= kBrokersFrom || context.allows(Operation::kWrite, topic_resource(topic));
    for (const PartitionId partition : partitions) {
      if (!allowed)
        bad[{topic, partition}] = ErrorCode::kTopicAuthorizationFailed;
      else if (!find_partition(*context.image, topic, partition))
        bad[{topic, partition}] = ErrorCode::kUnknownTopicOrPartition;
    }
  }
  return bad;
}

// The same for all but those that have their own.
std::vector<AddedTopicResult> results_of(const Partitions& asked, ErrorCode others,
                                         const std::map<TopicPartition, ErrorCode>& own = {}) {
  std::vector<AddedTopicResult> results;
  for (const auto& [topic, partitions] : asked) {
    auto& result = results.emplace_back();
    result.name = topic;
    for (const PartitionId partition : partitions) {
      const auto at = own.find({topic, partition});
      result.results_by_partition.push_back({partition, at == own.end() ? others : at->second});
    }
  }
  return results;
}

Task<std::vector<AddedTopicResult>> add_to_one(const RequestContext* context, AddPartitions request) {
  const Partitions asked = request.partitions;
  if (const auto bad = bad_ones(*context, asked); !bad.empty())
    co_return results_of(asked, ErrorCode::kOperationNotAttempted, bad);
  const std::string id = request.transactional_id;
  const auto answer =
      co_await context->here.broker.transactions().ask<transaction::PartitionsReply>(*context, id, std::move(request));
  if (!answer) co_return results_of(asked, answer.error().code);
  std::map<TopicPartition, ErrorCode> missing;
  for (const auto& partition : answer->missing) missing[partition] = ErrorCode::kTransactionAbortable;
  co_return results_of(asked, fenced_as_known(answer->error, context->version, kAddKnowsFencedFrom), missing);
}

AddPartitions request_of(const AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction& one, std::int16_t version) {
  return {.transactional_id = one.transactional_id,
          .producer_id = one.producer_id,
          .producer_epoch = one.producer_epoch,
          .partitions = partitions_of(one.topics),
          .verify_only = one.verify_only,
          .client_version = version >= kEpochBumpIn ? transaction::kEpochBumpFrom : std::int16_t{0}};
}

Task<AddPartitionsToTxnResponse> add_for_brokers(const RequestContext& context, AddPartitionsToTxnRequest request) {
  AddPartitionsToTxnResponse response;
  if (!context.allows(Operation::kClusterAction, kCluster)) {
    response.error_code = ErrorCode::kClusterAuthorizationFailed;
    co_return response;
  }
  // Many wait at the same time, which is one wait.
  RequestContext unmeasured = context;
  unmeasured.request.noted = nullptr;
  for (std::size_t from = 0; from < request.transactions.size(); from += kTransactionsAtOnce) {
    const std::size_t to = std::min(from + kTransactionsAtOnce, request.transactions.size());
    std::vector<Task<std::vector<AddedTopicResult>>> adding;
    for (std::size_t i = from; i < to; ++i)
      adding.push_back(add_to_one(&unmeasured, request_of(request.transactions[i], context.version)));
    const Instant begun = context.now();
    auto added = co_await gather(std::move(adding));
    context.note_wait_since(begun);
    for (std::size_t i = from; i < to; ++i)
      response.results_by_transaction.push_back({request.transactions[i].transactional_id, std::move(added[i - from])});
  }
  co_return response;
}

Task<AddPartitionsToTxnResponse> add_partitions_to_txn(const RequestContext& context,
                                                       AddPartitionsToTxnRequest request) {
  if (context.version >= kBrokersFrom) co_return co_await add_for_brokers(context, std::move(request));
  AddPartitionsToTxnResponse response;
  auto partitions = partitions_of(request.v3_and_below_topics);
  const auto& id = request.v3_and_below_transactional_id;
  if (!context.allows(Operation::kWrite, transactional_id_resource(id))) {
    response.results_by_topic_v3_and_below = results_of(partitions, ErrorCode::kTransactionalIdAuthorizationFailed);
    co_return response;
  }
  response.results_by_topic_v3_and_below =
      co_await add_to_one(&context, {.transactional_id = id,
                                     .producer_id = request.v3_and_below_producer_id,
                                     .producer_epoch = request.v3_and_below_producer_epoch,
                                     .partitions = std::move(partitions)});
  co_return response;
}

}  // namespace

extern const Api kAddPartitionsToTxn = serve<&add_partitions_to_txn>;

}  // namespace thalweg::broker
