// How a coordinator of an internal topic comes by the partitions that this broker leads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/broker_shard.h"

namespace thalweg::broker {

inline std::vector<const Shard*> shards_of(const Broker& broker) {
  std::vector<const Shard*> shards;
  for (const auto& shard : broker.shards()) shards.push_back(&shard->shard);
  return shards;
}

// Every shard's part of the coordinator leads and resigns as this broker does, from now on. `coordinator` is a
// coordinator::Coordinator over shards_of(broker). REQUIRES: as BrokerShard::on_leadership()
template <class Coordinator>
void follow_leadership(Broker& broker, std::string_view topic, Coordinator& coordinator) {
  for (std::size_t i = 0; i < broker.shards().size(); ++i) {
    auto listen = [&mine = coordinator.on_shard(i)](PartitionId partition, replica::PartitionPtr led) {
      if (led)
        mine.lead(partition, std::move(led));
      else
        mine.resign(partition);
    };
    broker.shards()[i]->on_leadership(std::string(topic), std::move(listen));
  }
}

}  // namespace thalweg::broker
