#include "broker/local_state.h"

#include "broker/broker.h"

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
  co_return co_await broker_.logs().remove(id);
}

Task<Result<>> BrokerLocalState::remove_topic(metadata::TopicPtr topic) {
  Result<> outcome;
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    const PartitionId partition{std::int32_t(i)};
    const TopicPartition id{topic->name, partition};
    const replica::PartitionKey key{topic->id, partition};
    auto& owner = broker_.owner_of(key);
    co_await owner.shard.call(owner, &BrokerShard::drop, topic->name, key);
    if (!broker_.logs().find(id)) continue;
    if (auto removed = co_await broker_.logs().remove(id); !removed) outcome = std::unexpected(removed.error());
  }
  broker_.topic_deleted(*topic);
  co_return outcome;
}

Task<> BrokerLocalState::configure(metadata::ImagePtr image, metadata::TopicPtr topic) {
  const auto config = broker_.log_config(*image, topic->name);
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    const replica::PartitionKey key{topic->id, PartitionId{std::int32_t(i)}};
    auto& owner = broker_.owner_of(key);
    co_await owner.shard.call(owner.partitions, &replica::Partitions::set_config, key, config);
  }
}

Task<> BrokerLocalState::show(metadata::ImagePtr image) {
  for (auto& shard : broker_.shards()) co_await shard->shard.call(*shard, &BrokerShard::set_image, image);
}

}  // namespace thalweg::broker
