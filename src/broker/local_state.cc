#include "broker/local_state.h"

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/directory_assignments.h"
#include "broker/directory_moves.h"
#include "broker/slices.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::broker {

storage::LogConfig BrokerLocalState::config_of(const metadata::Image& image, const metadata::Topic& topic) {
  if (last_.image_index != image.index() || last_.topic != topic.id)
    last_ = {image.index(), topic.id, broker_.log_config(image, topic.name)};
  return last_.config;
}

Task<Result<>> BrokerLocalState::host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) {
  const replica::PartitionKey key{topic->id, partition};
  auto& owner = broker_.owner_of(key);
  CO_TRY_VOID(broker_.logs().may_be_here({topic->name, partition},
                                         topic->partition(partition)->directory(broker_.config().node_id)));
  CO_TRY(auto log,
         co_await broker_.logs().open({topic->name, partition}, topic->id, config_of(*image, *topic), owner.shard.id));
  const auto& state = *topic->partition(partition);
  broker_.directory_assignments().opened(key, broker_.logs().directory_id_of({topic->name, partition}),
                                         state.directory(broker_.config().node_id));
  co_await owner.shard.call(owner, &BrokerShard::host, topic->name, key, std::move(log), state);
  broker_.directory_moves().hosted({topic->name, partition}, key);
  co_return Result<>();
}

Task<Result<>> BrokerLocalState::drop(metadata::TopicPtr topic, PartitionId partition) {
  const TopicPartition id{topic->name, partition};
  if (!broker_.logs().find(id)) co_return Result<>();
  co_await broker_.directory_moves().give_up(id);
  const replica::PartitionKey key{topic->id, partition};
  auto& owner = broker_.owner_of(key);
  co_await owner.shard.call(owner, &BrokerShard::drop, topic->name, key);
  co_await broker_.logs().remove(topic->name, topic->id, {partition});
  co_return Result<>();
}

// The partitions of a shard in slices, and those of the topic in one change of the checkpoints.
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
    for (auto& some : slices(std::move(keys[shard->shard.id]), kPartitionsAtOnce)) {
      co_await shard->shard.call(*shard, &BrokerShard::drop_all, topic->name, std::move(some));
      if (topic->partitions.size() > kPartitionsAtOnce) co_await give_way();
    }
  for (const PartitionId partition : partitions) co_await broker_.directory_moves().give_up({topic->name, partition});
  co_await broker_.logs().remove(topic->name, topic->id, std::move(partitions));
  broker_.topic_deleted(*topic);
  co_return Result<>();
}

Task<> BrokerLocalState::configure(metadata::ImagePtr image, metadata::TopicPtr topic) {
  const auto config = broker_.log_config(*image, topic->name);
  Pace pace(kPartitionsAtOnce);
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    if (pace.due()) co_await give_way();
    const replica::PartitionKey key{topic->id, PartitionId{std::int32_t(i)}};
    auto& owner = broker_.owner_of(key);
    co_await owner.shard.call(owner.partitions, &replica::Partitions::set_config, key, config);
  }
}

Task<bool> BrokerLocalState::configure_broker(metadata::ImagePtr image) { co_return broker_.follow(*image); }

Task<> BrokerLocalState::show(metadata::ImagePtr image) {
  const auto deleted = std::exchange(deleted_, {});
  for (auto& shard : broker_.shards()) co_await shard->shard.call(*shard, &BrokerShard::set_image, image, deleted);
}

}  // namespace thalweg::broker
