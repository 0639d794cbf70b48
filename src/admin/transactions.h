// Transactions as an operator sees them (KIP-664): which there are, what each holds, who writes to a partition, and
// ending one that hangs. Each call tries again on errors that pass until the client's api timeout.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/client.h"
#include "protocol/describe_producers_response.h"

namespace thalweg::admin {

struct TransactionListing {
  std::string id;
  BrokerId coordinator = kNoBroker;
  ProducerId producer_id = kNoProducerId;
  std::string state;  // "Ongoing"
};
struct TransactionFilter {
  std::vector<ProducerId> producer_ids = {};  // none: all
  std::int64_t duration_ms = -1;              // open for longer than this; below 0: all. Needs brokers of Kafka 3.7
  std::optional<std::string> pattern = {};    // of the id, a regular expression of RE2. Needs brokers of Kafka 4.1
};
// Of all brokers, by id.
Task<Result<std::vector<TransactionListing>>> list_transactions(Client& client, TransactionFilter filter = {});

struct TransactionDescription {
  std::string id;
  BrokerId coordinator = kNoBroker;
  std::string state;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  std::int64_t timeout_ms = 0;
  std::optional<Timestamp> started;  // nothing before its first transaction
  std::vector<TopicPartition> partitions;
};
// kTransactionalIdNotFound when there is none.
Task<Result<TransactionDescription>> describe_transaction(Client& client, std::string id);

using ActiveProducer = protocol::DescribeProducersResponse::ProducerState;
using ActiveProducers = std::map<TopicPartition, Result<std::vector<ActiveProducer>>>;
// Who has written to each of these lately, as its leader knows it, or as this replica does. Errors are by partition.
Task<Result<ActiveProducers>> describe_producers(Client& client, std::vector<TopicPartition> partitions,
                                                 std::optional<BrokerId> replica = {});

// Aborts in one partition, whatever the coordinator thinks: for a transaction that it knows nothing of.
// kInvalidProducerEpoch: the producer has another; kTransactionCoordinatorFenced: a later coordinator has ended one of
// the producer's.
struct AbortSpec {
  TopicPartition partition;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  std::int32_t coordinator_epoch = 0;
};
Task<Result<>> abort_transaction(Client& client, AbortSpec spec);

// Ends what the id has open, and fences its producer. (Source: Admin.fenceProducers)
Task<Result<>> fence_producer(Client& client, std::string id);

}  // namespace thalweg::admin
