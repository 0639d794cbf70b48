// The coordinators of transactions on one shard: the machine and the codec that make coordinator::Coordinator one for
// __transaction_state. What is only asked of them is in transaction_coordinator.h, which costs less to include.
#pragma once

#include <functional>
#include <utility>

#include "config/broker_config.h"
#include "coordinator/coordinator.h"
#include "runtime/shard.h"
#include "transaction/transaction_machine.h"
#include "transaction/transaction_records.h"

namespace thalweg::broker {

// The records of __transaction_state.
struct TransactionsCodec {
  using Record = transaction::TransactionRecord;
  static Result<coordinator::KeyValue> encode(const Record& record) {
    TRY(auto bytes, transaction::encode(record));
    return coordinator::KeyValue{std::move(bytes.key), std::move(bytes.value)};
  }
  static Result<std::optional<Record>> decode(const coordinator::KeyValue& bytes) {
    return transaction::decode(bytes.key, bytes.value);
  }
};

using TransactionShard = coordinator::CoordinatorShard<transaction::TransactionMachine, TransactionsCodec>;
// The level of transaction.version, as the shard of this index knows it.
using TransactionVersion = std::function<std::int16_t(std::size_t shard)>;
// `config` outlives the machines.
TransactionShard::NewMachine transaction_machines(const config::BrokerConfig& config, TransactionVersion version);

}  // namespace thalweg::broker
