#include "broker/transaction_shard.h"

#include <algorithm>

#include "record/batch.h"

namespace thalweg::broker {
namespace {

transaction::TransactionConfig transaction_config(const config::BrokerConfig& config, const storage::LogConfig& log) {
  const auto batch_max = std::int64_t(coordinator::LogJournal::batch_bytes_max(log));
  return {
      .timeout_max = config.transaction_max_timeout,
      .abort_check_interval = config.transaction_abort_check_interval,
      .expiration = config.transactional_id_expiration,
      .expiration_check_interval = config.transactional_id_expiration_check_interval,
      .append_bytes_max = std::size_t(std::max(batch_max - std::int64_t(record::kBatchHeaderSize), std::int64_t(0)))};
}

}  // namespace

TransactionShard::NewMachine transaction_machines(const config::BrokerConfig& config, TransactionVersion version) {
  return [&config, version = std::move(version)](const Shard& shard, const storage::LogConfig& log) {
    return std::make_unique<transaction::TransactionMachine>(transaction_config(config, log),
                                                             [version, id = shard.id] { return version(id); });
  };
}

}  // namespace thalweg::broker
