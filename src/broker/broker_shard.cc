#include "broker/broker_shard.h"

#include "base/check.h"
#include "broker/broker.h"
#include "broker/memory_shares.h"
#include "metrics/families.h"

namespace thalweg::broker {
namespace {

constexpr std::int32_t kSessionIdStride = 1024;  // at most so many shards: ids of different ones never meet

// The share of one shard in what is counted over all: the first ones get what is left over.
std::size_t share_of(std::size_t all, unsigned shard, unsigned shards) {
  return all / shards + (shard < all % shards ? 1 : 0);
}

std::int32_t first_session_id(const Shard& shard) {
  CHECK(shard.id < unsigned(kSessionIdStride));
  const auto block = std::int32_t(shard.random.next() % 1'000'000) + 1;
  return block * kSessionIdStride + std::int32_t(shard.id);
}

}  // namespace

BrokerShard::BrokerShard(const Shard& s, Broker& b, unsigned shard_count)
    : shard(s),
      broker(b),
      partitions(s, b.config().node_id),
      sessions(share_of(std::size_t(b.config().max_incremental_fetch_session_cache_slots), s.id, shard_count),
               first_session_id(s), kSessionIdStride),
      lost_leaders(s),
      verifies_transactions(b.config().transaction_partition_verification),
      memory(memory_shares(b.config(), shard_count).of_a_shard),
      replication_bytes_out(s.metrics.counter(family::kReplicationBytesOut)) {}

void BrokerShard::on_leadership(std::string topic, LeadershipListener listener) {
  const bool first = leadership_listeners_.emplace(std::move(topic), std::move(listener)).second;
  CHECK(first);
}

void BrokerShard::tell_leadership(const std::string& topic, PartitionId partition, replica::PartitionPtr led) const {
  const auto listener = leadership_listeners_.find(topic);
  if (listener != leadership_listeners_.end()) listener->second(partition, std::move(led));
}

bool BrokerShard::image_has_this_process() const {
  const auto* me = image_ ? image_->broker(broker.config().node_id) : nullptr;
  return registered_epoch >= 0 && me && me->epoch >= registered_epoch;
}

Task<> BrokerShard::host(std::string topic, replica::PartitionKey key, storage::LogPtr log, metadata::Partition state) {
  co_await partitions.settled(key);
  const auto before = partitions.find(key);
  const bool led = before && before->is_leader();
  if (log)
    partitions.host(key, std::move(log), state);
  else
    partitions.update(key, state);
  const auto partition = partitions.find(key);
  if (partition && !before) partition->count_in(topic_metrics_.of(key.topic_id, topic));
  const bool leads = partition && partition->is_leader();
  if (leads != led) tell_leadership(topic, key.partition, leads ? partition : nullptr);
}

// What is counted of a topic comes and goes here with the topic, so that no request under way brings a name back.
void BrokerShard::set_image(metadata::ImagePtr image, std::vector<Uuid> deleted) {
  image_ = std::move(image);
  lost_leaders.on_image(*image_);
  for (const Uuid& topic : deleted) topic_metrics_.forget(topic);
}

TopicCounts& BrokerShard::topic_counts(const Uuid& topic_id) {
  TopicCounts& known = topic_metrics_.find(topic_id);
  if (&known != &topic_metrics_.unnamed()) return known;
  const auto topic = image_->topic(topic_id);
  return topic ? *topic_metrics_.of(topic_id, topic->name) : known;
}

void BrokerShard::drop(std::string topic, replica::PartitionKey key) {
  const auto partition = partitions.find(key);
  if (!partition) return;
  const bool led = partition->is_leader();
  partitions.remove(key);
  if (led) tell_leadership(topic, key.partition, nullptr);
}

bool BrokerShard::drop_all(std::string topic, std::vector<replica::PartitionKey> keys) {
  for (const replica::PartitionKey& key : keys) drop(topic, key);
  return true;
}

}  // namespace thalweg::broker
