#include "broker/local_state.h"

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "storage/log_manager.h"

namespace thalweg::broker {

Task<Result<>> BrokerLocalState::host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) {
  const replica::PartitionKey key{topic->id, partition};
  auto& owner = broker_.owner_of(key);
  CO_TRY(auto log, co_await broker_.logs().open({topic->name, partition}, topic->id,
                                                broker_.log_config(*image, topic->name), owner.shard.id));
  co_await owner.shard.call(owner, &BrokerShard::host, topic->name, key, std::move(log), *topic->partition(partition));
  co_return Result<>();
}

Task<Result<>> BrokerLocalState::drop(metadata::TopicPtr topic, PartitionId partition) {
  const TopicPartition id{topic->name, partition};
  if (!broker_.logs().find(id)) co_return Result<>();
  const replica::PartitionKey key{topic->id, partition};
  auto& owner = broker_.owner_of(key);
  co_await owner.shard.call(owner, &BrokerShard::drop, topic->name, key);
  co_await broker_.logs().remove(topic->name, topic->id, {partition});
  co_return Result<>();
}

// All partitions of a shard at once, and of the topic in one change of the checkpoints.
Task<Result<>> BrokerLocalState::remove_topic(metadata::TopicPtr topic) {
  deleted_.push_back(topic->id);
  std::vector<PartitionId> partitions;
  std::vector<std::vector<replica::PartitionKey>> keys(broker_.shards().size());
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    partitions.push_back(PartitionId{std::int32_t(i)});
    const replica::PartitionKey key{topic->id, partitions.back()};
    keys[broker_.owner_of(key).shard.id].push_back(key);
  }
  for (auto& shard : broker_.shards())
    if (auto& here = keys[shard->shard.id]; !here.empty())
      co_await shard->shard.call(*shard, &BrokerShard::drop_all, topic->name, std::move(here));
  co_await broker_.logs().remove(topic->name, topic->id, std::move(partitions));
  broker_.topic_deleted(*topic);
  co_return Result<>();
}

Task<> BrokerLocalState::configure(metadata::ImagePtr image, metadata::TopicPtr topic) {
  const auto config = broker_.log_config(*image, topic->name);
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    const replica::PartitionKey key{topic->id, PartitionId{std::int32_t(i)}};
    auto& owner = broker_.owner_of(key);
    co_await owner.shard.call(owner.partitions, &replica::Partitions::set_config, key, config);
  }
}

Task<> BrokerLocalState::configure_broker(metadata::ImagePtr image) {
  broker_.follow(*image);
  co_return;
}

Task<> BrokerLocalState::show(metadata::ImagePtr image) {
  const auto deleted = std::exchange(deleted_, {});
  for (auto& shard : broker_.shards()) co_await shard->shard.call(*shard, &BrokerShard::set_image, image, deleted);
}

}  // namespace thalweg::broker
