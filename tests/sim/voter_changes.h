// The requests of administrators, and what never may be: names of what is refused.
#pragma once

#include <string>
#include <string_view>

#include "broker/controller_link.h"
#include "metadata/image.h"

namespace thalweg::simulation {

inline constexpr std::int16_t kCreateVersion = 7, kDeleteVersion = 5, kConfigsVersion = 1, kProducerIdsVersion = 0;
inline constexpr std::string_view kNever = "never.";  // topics and options of changes that are too large

// Topics that all administrators touch.
inline constexpr std::uint64_t kSharedTopics = 2;
inline std::string shared_topic(std::uint64_t which) { return "shared-" + std::to_string(which); }

inline protocol::CreateTopicsRequest creation(std::string name, std::int32_t partitions, std::int16_t replicas) {
  protocol::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = std::move(name);
  topic.num_partitions = partitions;
  topic.replication_factor = replicas;
  return request;
}

inline protocol::DeleteTopicsRequest deletion(std::string name) {
  protocol::DeleteTopicsRequest request;
  request.topic_names.push_back(std::move(name));
  return request;
}

inline protocol::IncrementalAlterConfigsRequest set_config(metadata::ResourceType type, std::string resource,
                                                           std::string name, std::string value) {
  protocol::IncrementalAlterConfigsRequest request;
  auto& entry = request.resources.emplace_back();
  entry.resource_type = static_cast<std::int8_t>(type);
  entry.resource_name = std::move(resource);
  entry.configs.push_back({std::move(name), 0, std::move(value)});
  return request;
}

}  // namespace thalweg::simulation
