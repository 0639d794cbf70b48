// Records in transactions, for machines whose log may hold some: what is said of them in the headers of their batches
// and in the markers behind them, and not in their own bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/types.h"

namespace thalweg::machine {

// What the log remembered before the coordinator of transactions was asked whether a transaction may write there
// (KIP-890): it refuses a write whose transaction has ended since. The numbers are the log's, see
// replica::Verification.
struct Verification {
  std::uint64_t guard = 0;
  LeaderEpoch epoch = kNoLeaderEpoch;
  friend bool operator==(const Verification&, const Verification&) = default;
};

// In whose transaction a record is.
struct Producer {
  ProducerId id;
  ProducerEpoch epoch;
  std::optional<Verification> verification = std::nullopt;  // what the write is checked by; not in the log
  friend bool operator==(const Producer&, const Producer&) = default;
};

// How a transaction ended in this log: all that its producer has written since its last end takes effect, or nothing.
struct TransactionEnd {
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
  std::int32_t coordinator_epoch = 0;  // of the coordinator of transactions that says so
  bool commit = false;
  int transaction_version = 0;  // what the marker is checked by when it is written (KIP-1228); not in the log
  friend bool operator==(const TransactionEnd&, const TransactionEnd&) = default;
};

}  // namespace thalweg::machine
