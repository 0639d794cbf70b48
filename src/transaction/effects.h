// What goes into a TransactionMachine and what comes out of it: values only.
//
// What a step needs from outside is asked for in an answer, and comes back with another request: a producer id for who
// has used up the epochs of the old one (wants_producer_id), and the writing of markers (Work).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "machine/effects.h"
#include "protocol/describe_transactions_response.h"
#include "protocol/list_transactions_response.h"
#include "transaction/transaction_records.h"

namespace thalweg::transaction {

using RequestId = Strong<std::uint64_t, struct TransactionRequestIdTag>;

struct TransactionConfig {
  Millis timeout_max{900'000};                 // transaction.max.timeout.ms
  Millis abort_check_interval{10'000};         // transaction.abort.timed.out.transaction.cleanup.interval.ms
  Millis expiration{7LL * 24 * 3600'000};      // transactional.id.expiration.ms
  Millis expiration_check_interval{3600'000};  // transaction.remove.expired.transaction.cleanup.interval.ms
  std::size_t append_bytes_max = 1'000'000;    // what a batch of the log holds
};

// What came with a request beside its body.
struct RequestContext {
  // One that nobody has been given, when the same request was answered with wants_producer_id.
  ProducerId new_producer_id = kNoProducerId;
};

// ------------------------------------------------------------------------------------------------ requests

// InitProducerId. A producer that goes on says which id and epoch it had (KIP-360); else both are none.
struct InitProducer {
  std::string transactional_id;
  std::int32_t timeout_ms = 0;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
};

// AddPartitionsToTxn, AddOffsetsToTxn.
struct AddPartitions {
  std::string transactional_id;
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
  Partitions partitions;
  bool verify_only = false;         // whether they are in it already
  std::int16_t client_version = 0;  // level of transaction.version that the request speaks
};

struct EndTransaction {
  std::string transactional_id;
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
  bool commit = false;
  std::int16_t client_version = 0;
};

struct DescribeTransaction {
  std::string transactional_id;
};

// Asked by who writes markers, all the time: answered when there is something to do. One asks at a time: an older
// question is answered with nothing.
struct TakeWork {
  bool all = false;  // also what was handed out before: the answer may have been lost
};

// Every partition has the marker, or is gone. An answer that comes late must not end the next transaction, which may
// have the same producer and epoch: `prepared_at`, the last_update of what was handed out, says which one is meant.
struct MarkersWritten {
  std::string transactional_id;
  Timestamp prepared_at = kNoTimestamp;
};

// A TimedOut comes back with a producer id.
struct AbortTimedOut {
  std::string transactional_id;
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
};

// ------------------------------------------------------------------------------------------------ answers

// To InitProducer and EndTransaction.
struct ProducerReply {
  ErrorCode error = ErrorCode::kNone;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  // Nothing has happened: ask the same again with a new one.
  bool wants_producer_id = false;
  friend bool operator==(const ProducerReply&, const ProducerReply&) = default;
};

struct PartitionsReply {
  ErrorCode error = ErrorCode::kNone;   // of all of them
  std::vector<TopicPartition> missing;  // not in the transaction; only for verify_only
  friend bool operator==(const PartitionsReply&, const PartitionsReply&) = default;
};

// A transaction that is prepared: its markers are to be written in all partitions of `metadata`.
struct MarkersToWrite {
  std::string transactional_id;
  MetadataPtr metadata;
  friend bool operator==(const MarkersToWrite& a, const MarkersToWrite& b) {
    return a.transactional_id == b.transactional_id && *a.metadata == *b.metadata;
  }
};
// One whose time is over, and for whose end a producer id is needed.
struct TimedOut {
  std::string transactional_id;
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
  friend bool operator==(const TimedOut&, const TimedOut&) = default;
};
struct Work {
  std::vector<MarkersToWrite> markers;
  std::vector<TimedOut> timed_out;
  friend bool operator==(const Work&, const Work&) = default;
};

struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

using Described = protocol::DescribeTransactionsResponse::TransactionState;
using Reply = std::variant<ProducerReply, PartitionsReply, Described, protocol::ListTransactionsResponse, Work, Done>;

struct TimerKey {
  enum class Kind : std::uint8_t { kAbort, kExpire };  // transactions past their time, ids that nobody uses
  Kind kind = Kind::kAbort;
  std::string after;  // all transactional ids up to here have been looked at
  friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};

using Effects = machine::Effects<TransactionRecord, Reply, RequestId, TimerKey>;

}  // namespace thalweg::transaction
