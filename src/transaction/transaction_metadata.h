// What the coordinator knows of one transactional id, and how that goes on: values only.
//
// Source: KIP-98, KIP-360, KIP-890; Kafka's TransactionState and TransactionMetadata.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/types.h"

namespace thalweg::transaction {

// The numbers are those of the log. kDead and kPrepareEpochFence are states that Kafka passes through while a record is
// on its way; here a step and its record are one, so nobody ever is in them.
enum class TransactionState : std::int8_t {
  kEmpty = 0,
  kOngoing = 1,
  kPrepareCommit = 2,
  kPrepareAbort = 3,
  kCompleteCommit = 4,
  kCompleteAbort = 5,
  kDead = 6,
  kPrepareEpochFence = 7,
};
// As ListTransactions and DescribeTransactions say it: "PrepareCommit".
std::string_view name(TransactionState state);
std::optional<TransactionState> state_named(std::string_view name);
std::optional<TransactionState> state_numbered(std::int8_t number);

// By topic.
using Partitions = std::map<std::string, std::set<PartitionId>>;

// From this level of transaction.version on, records are flexible; from the second on, every transaction has an epoch
// of its own (KIP-890).
inline constexpr std::int16_t kFlexibleRecordsFrom = 1;
inline constexpr std::int16_t kEpochBumpFrom = 2;

struct TransactionMetadata {
  ProducerId producer_id = kNoProducerId;
  // The one before the last change; differs from producer_id right after that was exchanged.
  ProducerId previous_producer_id = kNoProducerId;
  // Takes over when the markers are written: the epochs of producer_id are used up.
  ProducerId next_producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  // What the producer had that was given producer_epoch, so that its retry gets the same answer; none when another
  // producer has taken over, whose predecessor must not be answered. (Kafka's lastProducerEpoch.)
  ProducerEpoch previous_producer_epoch = kNoProducerEpoch;
  std::int32_t timeout_ms = 0;
  TransactionState state = TransactionState::kEmpty;
  Partitions partitions;
  Timestamp start = kNoTimestamp;        // of the first partition's addition
  Timestamp last_update = kNoTimestamp;  // of any change; no two of an id have the same
  // The level of transaction.version that the last change was made by.
  std::int16_t client_version = 0;

  bool is_ongoing() const { return state == TransactionState::kOngoing; }
  // Decided, and its markers are on their way.
  bool is_prepared() const {
    return state == TransactionState::kPrepareCommit || state == TransactionState::kPrepareAbort;
  }
  bool is_complete() const {
    return state == TransactionState::kCompleteCommit || state == TransactionState::kCompleteAbort;
  }
  bool commits() const {
    return state == TransactionState::kPrepareCommit || state == TransactionState::kCompleteCommit;
  }
  bool has(const std::string& topic, PartitionId partition) const;
  bool has_all(const Partitions& others) const;
  friend bool operator==(const TransactionMetadata&, const TransactionMetadata&) = default;
};
using MetadataPtr = std::shared_ptr<const TransactionMetadata>;

// No client is given the largest epoch, so that whoever has the last one can still be fenced.
inline constexpr ProducerEpoch kLastEpoch{std::numeric_limits<std::int16_t>::max() - 1};
constexpr bool is_exhausted(ProducerEpoch epoch) { return epoch >= kLastEpoch; }

// A producer begins, or goes on after an error (it then says which epoch it had): the same id with the next epoch.
// REQUIRES: the epoch is not exhausted, no transaction is ongoing or prepared
TransactionMetadata with_next_epoch(const TransactionMetadata& now, std::int32_t timeout_ms, bool continues,
                                    Timestamp wall);
// The same where the epochs are used up.
TransactionMetadata with_producer_id(const TransactionMetadata& now, ProducerId id, std::int32_t timeout_ms,
                                     bool continues, Timestamp wall);
// The first partitions begin a transaction. REQUIRES: it is not prepared
TransactionMetadata with_partitions(const TransactionMetadata& now, const Partitions& added,
                                    std::int16_t client_version, Timestamp wall);

struct Ending {
  bool commit = false;
  // By a client or, when nobody asked the producer, by the level of the cluster.
  std::int16_t client_version = 0;
  // It is not the producer that ends it: whoever has the epoch has it no more.
  bool fence = false;
  // Takes over where the epochs are used up; only from kEpochBumpFrom on.
  ProducerId next_producer_id = kNoProducerId;
};
// Whether the ending needs a next producer id.
bool uses_up_epochs(const TransactionMetadata& now, const Ending& ending);
// Decided. An abort without partitions counts as begun now.
TransactionMetadata prepared(const TransactionMetadata& now, const Ending& ending, Timestamp wall);
// All markers are written. REQUIRES: it is prepared
TransactionMetadata completed(const TransactionMetadata& now, Timestamp wall);

}  // namespace thalweg::transaction
