#include "console/searches.h"

#include "broker/broker_shard.h"

namespace thalweg::console {

Searches::Searches(broker::Broker& broker, Workers& workers) : broker_(broker), pace_(broker) {
  for (const auto& here : broker.shards())
    readers_.push_back(std::make_unique<search::ShardReader>(here->shard, here->partitions, here->memory, workers));
}

search::ShardReader& Searches::reader_of(const replica::PartitionKey& key) {
  return *readers_.at(broker_.owner_of(key).shard.id);
}

}  // namespace thalweg::console
