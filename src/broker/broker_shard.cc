#include "broker/broker_shard.h"

#include "broker/broker.h"

namespace thalweg::broker {
namespace {
constexpr std::int32_t kSessionIdStride = 64;  // ids of different shards never meet
}

BrokerShard::BrokerShard(const Shard& s, Broker& b, unsigned shard_count)
    : shard(s),
      broker(b),
      partitions(s, b.config().node_id),
      sessions(std::size_t(b.config().max_incremental_fetch_session_cache_slots) / shard_count,
               std::int32_t(s.random.next() % 10'000'000) * kSessionIdStride + kSessionIdStride + std::int32_t(s.id),
               kSessionIdStride),
      stopping(s.clock) {}

void BrokerShard::host(std::string topic, replica::PartitionKey key, storage::LogPtr log, metadata::Partition state) {
  const auto before = partitions.find(key);
  const bool led = before && before->is_leader();
  if (log)
    partitions.host(key, std::move(log), state);
  else
    partitions.update(key, state);
  const auto partition = partitions.find(key);
  const bool leads = partition && partition->is_leader();
  if (leads != led && on_leadership) on_leadership(topic, key.partition, leads ? partition : nullptr);
}

void BrokerShard::drop(std::string topic, replica::PartitionKey key) {
  const auto partition = partitions.find(key);
  if (!partition) return;
  const bool led = partition->is_leader();
  partitions.remove(key);
  if (led && on_leadership) on_leadership(topic, key.partition, nullptr);
}

}  // namespace thalweg::broker
