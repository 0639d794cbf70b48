// Records as tests make them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metadata/record.h"

namespace thalweg::metadata::testing {

inline protocol::TopicRecord topic(std::string name, Uuid id) {
  protocol::TopicRecord record;
  record.name = std::move(name);
  record.topic_id = id;
  return record;
}

// In sync on all its replicas, led by the first.
inline protocol::PartitionRecord partition(Uuid topic, int id, std::vector<BrokerId> replicas) {
  protocol::PartitionRecord record;
  record.topic_id = topic;
  record.partition_id = PartitionId{id};
  record.isr = replicas;
  record.leader = replicas.front();
  record.replicas = std::move(replicas);
  record.leader_epoch = LeaderEpoch{0};
  record.partition_epoch = 0;
  return record;
}

inline protocol::RemoveTopicRecord removal(Uuid topic) {
  protocol::RemoveTopicRecord record;
  record.topic_id = topic;
  return record;
}

// Without a value the setting is taken away.
inline protocol::ConfigRecord config(ResourceType type, std::string resource, std::string name,
                                     std::optional<std::string> value) {
  protocol::ConfigRecord record;
  record.resource_type = static_cast<std::int8_t>(type);
  record.resource_name = std::move(resource);
  record.name = std::move(name);
  record.value = std::move(value);
  return record;
}

}  // namespace thalweg::metadata::testing
