#include "broker/broker_shard.h"

#include "base/check.h"
#include "broker/broker.h"

namespace thalweg::broker {
namespace {
constexpr std::int32_t kSessionIdStride = 64;  // ids of different shards never meet
}

BrokerShard::BrokerShard(const Shard& s, Broker& b, unsigned shard_count)
    : shard(s),
      broker(b),
      partitions(s, b.config().node_id, b.durability()),
      sessions(std::size_t(b.config().max_incremental_fetch_session_cache_slots) / shard_count,
               std::int32_t(s.random.next() % 10'000'000) * kSessionIdStride + kSessionIdStride + std::int32_t(s.id),
               kSessionIdStride),
      stopping(s.clock) {}

void BrokerShard::on_leadership(std::string topic, LeadershipListener listener) {
  const bool first = leadership_listeners_.emplace(std::move(topic), std::move(listener)).second;
  CHECK(first);
}

void BrokerShard::tell_leadership(const std::string& topic, PartitionId partition, replica::PartitionPtr led) const {
  const auto listener = leadership_listeners_.find(topic);
  if (listener != leadership_listeners_.end()) listener->second(partition, std::move(led));
}

void BrokerShard::host(std::string topic, replica::PartitionKey key, storage::LogPtr log, metadata::Partition state) {
  const auto before = partitions.find(key);
  const bool led = before && before->is_leader();
  if (log)
    partitions.host(key, std::move(log), state);
  else
    partitions.update(key, state);
  const auto partition = partitions.find(key);
  const bool leads = partition && partition->is_leader();
  if (leads != led) tell_leadership(topic, key.partition, leads ? partition : nullptr);
}

void BrokerShard::drop(std::string topic, replica::PartitionKey key) {
  const auto partition = partitions.find(key);
  if (!partition) return;
  const bool led = partition->is_leader();
  partitions.remove(key);
  if (led) tell_leadership(topic, key.partition, nullptr);
}

}  // namespace thalweg::broker
