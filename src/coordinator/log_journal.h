// A partition as a log of keys and values: the bytes under PartitionJournal, for every codec alike.
//
// Owner: the partition's shard.
#pragma once

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/types.h"
#include "machine/transaction.h"
#include "replica/partition.h"
#include "replicated/journal.h"
#include "runtime/task.h"

namespace thalweg::coordinator {

// A record of a compacted topic: no value is a tombstone.
struct KeyValue {
  SharedBytes key;
  std::optional<SharedBytes> value;
  // When it was written; appended with none, it is written now. No part of what it says.
  std::optional<Timestamp> timestamp = std::nullopt;
  // What follows `value`, where that is only the beginning: a large value need not be copied to be in one piece. What
  // is replayed always is.
  std::vector<SharedBytes> more = {};
  // In whose transaction it is. All records of an append are in the same one, or none is in any.
  std::optional<machine::Producer> producer = std::nullopt;
  friend bool operator==(const KeyValue& a, const KeyValue& b) {
    return a.key == b.key && a.value == b.value && a.more == b.more && a.producer == b.producer;
  }
};

// What a log with transactions consists of.
using LogEntry = std::variant<KeyValue, machine::TransactionEnd>;

class LogJournal {
 public:
  explicit LogJournal(replica::PartitionPtr partition) : partition_(std::move(partition)) {}

  // The largest batch that the log takes.
  static std::size_t batch_bytes_max(const storage::LogConfig& log);

  // One batch, so all or nothing. Nothing but tombstones (a large group is deleted, a topic goes) becomes as many
  // batches as it takes: what a failure in between leaves is a state that could have been, and counts as lost, since
  // the machine does not know it.
  // Refused: kMessageTooLarge, a full disk, kNotEnoughReplicas, whatever else the log says about these bytes.
  // And in a transaction (no sequence is checked): kInvalidProducerEpoch when the producer is known by a later epoch,
  // kInvalidTxnState when what it was verified for has ended since.
  // Lost: the partition is not led from here any more, or its log is offline.
  replicated::AppendResult append(const std::vector<KeyValue>& records);
  // Writes the marker. Refused as well: kInvalidProducerEpoch, kTransactionCoordinatorFenced.
  replicated::AppendResult end_transaction(const machine::TransactionEnd& end);

  // Gives the records between the log's start and its end as of the call, also those that are not committed yet: while
  // this broker leads, they will be. Of transactions, those that were committed, at their commit marker and therefore
  // in the order in which they came into force; those that were aborted or are still open are left out. What cannot be
  // read concerns one record; the others are given, and the log says which it was.
  Task<Result<>> replay(std::function<Result<>(const KeyValue&)> each);
  // The same for a machine that knows transactions: all records where they lie, also those of aborted transactions and
  // open ones, and the markers.
  Task<Result<>> replay_as_written(std::function<Result<>(const LogEntry&)> each);

  const replica::PartitionPtr& partition() const { return partition_; }

 private:
  // Behind one append or several; `before` is where the log ended before the first.
  replicated::AppendResult result_of(storage::AppendResult appended, Offset before) const;

  const replica::PartitionPtr partition_;
};

}  // namespace thalweg::coordinator
