// Asks the coordinators of transactions on other brokers whether partitions belong to a transaction, or adds them to it
// (KIP-890; Kafka's AddPartitionsToTxnManager). What is to be asked of one broker while an answer of it is due goes out
// together, in the next request: one AddPartitionsToTxn is under way to each broker, and a slow one holds up nobody who
// asks another. How many wait, and for how long, is bounded.
//
// Owner: shard 0. Who asks, and where the coordinator is: transaction_questions.h.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "protocol/add_partitions_to_txn_request.h"
#include "protocol/add_partitions_to_txn_response.h"
#include "runtime/shard.h"

namespace thalweg::broker {

// What somebody wants to know of one transaction.
struct TransactionQuestion {
  std::string transactional_id;
  ProducerId producer_id{kNoProducerId};
  ProducerEpoch producer_epoch{kNoProducerEpoch};
  bool adds = false;  // else only whether they belong to it
  std::vector<TopicPartition> partitions;
};
// For each of its partitions, in order: kNone, or what the coordinator says, as AddPartitionsToTxn does.
// kNetworkException: it has not answered; kCoordinatorNotAvailable: it was not asked.
using TransactionAnswer = std::vector<ErrorCode>;

// The questions as one request, in its newest version. REQUIRES: every transactional id is another
protocol::AddPartitionsToTxnRequest request_of(const std::vector<const TransactionQuestion*>& questions);
// What a response says to one of them. What it passes over in silence is no yes: kNetworkException.
TransactionAnswer answer_of(const TransactionQuestion& question,
                            const Result<protocol::AddPartitionsToTxnResponse>& response);
// The same to all of its partitions.
TransactionAnswer refused(const TransactionQuestion& question, ErrorCode code);

class TransactionVerifier {
 public:
  using Request = protocol::AddPartitionsToTxnRequest;
  using Response = protocol::AddPartitionsToTxnResponse;
  // One exchange with that broker; kUnsupportedVersion: it is of a release that does not verify.
  using Send = std::function<Task<Result<Response>>(BrokerId broker, Request request, Instant deadline)>;

  struct Options {
    Instant timeout = std::chrono::seconds(30);  // request.timeout.ms: from the question to the answer
    std::size_t questions_max = 10'000;          // of all that wait
    std::size_t bytes_max = 16u << 20;
    std::size_t together_max = 100;  // questions in one request
  };

  TransactionVerifier(const Shard& shard, Send send, Options options);
  ~TransactionVerifier();
  TransactionVerifier(const TransactionVerifier&) = delete;

  Task<TransactionAnswer> ask(BrokerId coordinator, TransactionQuestion question);
  // Who waits is told that nobody answers; so is who asks later.
  void stop();

 private:
  struct State;
  static Task<> send_all(std::shared_ptr<State> state, BrokerId coordinator);

  const std::shared_ptr<State> state_;
};

}  // namespace thalweg::broker
