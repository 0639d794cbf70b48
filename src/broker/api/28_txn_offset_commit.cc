// TxnOffsetCommit (28), versions 0-6: offsets that take effect when the producer's transaction is committed. Who
// commits is checked from version 3 on (KIP-447); a transaction takes in the partition of __consumer_offsets by itself
// from version 5 on (KIP-890). By topic id from version 6. Source: KafkaApis.handleTxnOffsetCommitRequest,
// GroupCoordinatorService.commitTransactionalOffsets.
#include <algorithm>

#include "broker/api/api.h"
#include "broker/api/existing_partitions.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/topics.h"
#include "broker/transaction_questions.h"
#include "coordinator/errors.h"
#include "group/group_machine.h"
#include "protocol/txn_offset_commit_request.h"
#include "protocol/txn_offset_commit_response.h"

namespace thalweg::broker {
namespace {

using protocol::TxnOffsetCommitRequest;
using protocol::TxnOffsetCommitResponse;

constexpr std::int16_t kTopicIdsFrom = 6;
// Before, clients take "loading" for an error that they cannot handle (KAFKA-7296).
constexpr std::int16_t kKnowsLoadingFrom = 2;

TransactionSupport support_of_commit(std::int16_t version) {
  if (version >= 5) return TransactionSupport::kAdds;
  return version >= 4 ? TransactionSupport::kAbortable : TransactionSupport::kOlder;
}

// Clients of every version ask again at the same coordinator.
Error as_commit_error(Error error) {
  if (error.code == ErrorCode::kNetworkException) error.code = ErrorCode::kCoordinatorLoadInProgress;
  return coordinator::as_coordinator_error(std::move(error));
}

// Asks the coordinator of transactions whether this one has the group's partition, or has it from now on.
Task<Result<std::optional<machine::Verification>>> verify_transaction(const RequestContext& context,
                                                                      const TxnOffsetCommitRequest& request) {
  CO_TRY(const auto partition, GroupCoordinator::partition_of(*context.image, request.group_id));
  const auto topic = context.image->topic(kOffsetsTopic);
  if (topic->partition(partition)->leader != context.here.broker.config().node_id)
    co_return fail(ErrorCode::kNotCoordinator, "another broker coordinates group " + request.group_id);
  std::vector<TransactionalBatch> batches;
  batches.push_back({.partition = {std::string(kOffsetsTopic), partition}, .key = {topic->id, partition}});
  TransactionalProducer producer{request.transactional_id, request.producer_id, request.producer_epoch,
                                 support_of_commit(context.version)};
  auto verdicts = co_await verify(context, std::move(producer), std::move(batches));
  const TransactionVerdict& verdict = verdicts.front();
  if (!verdict) co_return std::unexpected(as_commit_error(verdict.error()));
  if (!*verdict) co_return std::nullopt;
  co_return machine::Verification{(*verdict)->guard.value, (*verdict)->epoch};
}

Task<Result<TxnOffsetCommitResponse>> commit_pending(const RequestContext& context, TxnOffsetCommitRequest request) {
  if (request.group_id.empty()) co_return fail(ErrorCode::kInvalidGroupId);
  CO_TRY(auto verification, co_await verify_transaction(context, request));
  const std::string group_id = request.group_id;
  co_return co_await context.here.broker.groups().ask<TxnOffsetCommitResponse>(
      context, group_id, group::TransactionalCommit{std::move(request), std::move(verification)});
}

void for_old_clients(TxnOffsetCommitResponse& response) {
  for (auto& topic : response.topics)
    for (auto& partition : topic.partitions)
      if (partition.error_code == ErrorCode::kCoordinatorLoadInProgress)
        partition.error_code = ErrorCode::kCoordinatorNotAvailable;
}

Task<TxnOffsetCommitResponse> txn_offset_commit(const RequestContext& context, TxnOffsetCommitRequest request) {
  TxnOffsetCommitResponse response;
  for (auto& topic : request.topics)
    keep_existing(context, context.version >= kTopicIdsFrom, topic, response.topics.emplace_back());
  // Where nothing is left there is nothing to take into the transaction either.
  if (std::ranges::all_of(request.topics, [](const auto& topic) { return topic.partitions.empty(); }))
    co_return response;
  const auto answer = co_await commit_pending(context, std::move(request));
  fill_in(response, answer);
  if (context.version < kKnowsLoadingFrom) for_old_clients(response);
  co_return response;
}

}  // namespace

extern const Api kTxnOffsetCommit = serve<&txn_offset_commit>;

}  // namespace thalweg::broker
