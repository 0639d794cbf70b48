// What is asked before a batch of a transaction is appended: whether the transaction includes the partition, or that it
// does from now on (KIP-890; Kafka's ReplicaManager.maybeSendPartitionsToTransactionCoordinator). For those who append
// such batches: Produce, TxnOffsetCommit. Any shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/context.h"
#include "broker/transaction_verifier.h"
#include "replica/partitions.h"

namespace thalweg::broker {

class Broker;

// What the client's version of Produce or TxnOffsetCommit understands.
enum class TransactionSupport : std::uint8_t {
  kOlder,      // INVALID_TXN_STATE for what is not in the transaction
  kAbortable,  // TRANSACTION_ABORTABLE: Produce 11, TxnOffsetCommit 4
  kAdds,       // the write adds the partition (transaction.version 2): Produce 12, TxnOffsetCommit 5
};
TransactionSupport support_of_produce(std::int16_t version);

struct TransactionalProducer {
  std::string transactional_id;
  ProducerId id{kNoProducerId};
  ProducerEpoch epoch{kNoProducerEpoch};
  TransactionSupport support = TransactionSupport::kOlder;
};
struct TransactionalBatch {
  TopicPartition partition;
  replica::PartitionKey key;
  std::int32_t base_sequence = -1;
};
// What the batch is to be appended with (AppendRequest::verification), or why not. Nothing: by
// transaction.partition.verification.enable nobody was asked.
using TransactionVerdict = Result<std::optional<replica::Verification>>;

// For each batch, in order. Who has a transaction open in the partition is not asked about again; the others are asked
// about together. Where the coordinator is busy with the end of the last transaction (CONCURRENT_TRANSACTIONS) it is
// asked again for add.partitions.to.txn.retry.backoff.max.ms: that passes, and the batch has been sent already. Errors
// are the partition's, or the coordinator's with the client's version in mind; kNetworkException: no answer in
// request.timeout.ms. `context` outlives it.
Task<std::vector<TransactionVerdict>> verify(const RequestContext& context, TransactionalProducer producer,
                                             std::vector<TransactionalBatch> batches);

// The way to coordinators on other brokers: the listener between brokers, over channels of its own.
TransactionVerifier::Send verification_channel(Broker& broker);

// An error of the coordinator as Produce gives it. What passes becomes NOT_ENOUGH_REPLICAS: older clients try again
// after that, and do not ask for metadata first.
Error as_produce_error(Error error, TransactionSupport support);

}  // namespace thalweg::broker
