#include "controller/internal_topics.h"

#include <algorithm>
#include <string>
#include <utility>

namespace thalweg::controller {
namespace {

using CreatableTopic = protocol::CreateTopicsRequest::CreatableTopic;

void set(CreatableTopic& topic, std::string_view name, std::string value) {
  topic.configs.push_back({std::string(name), std::move(value)});
}

}  // namespace

std::int16_t wanted_replicas(std::string_view name, const config::BrokerConfig& config) {
  return name == kTransactionsTopic ? config.transaction_state_log_replication_factor
                                    : config.offsets_topic_replication_factor;
}

std::int16_t possible_replicas(std::int16_t wanted, const metadata::Image& image) {
  const auto active = std::ranges::count_if(image.brokers(), [](const auto& entry) { return entry.second.active(); });
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(active, 1, std::max<std::int64_t>(wanted, 1)));
}

bool is_internal_topic(std::string_view name) { return name == kOffsetsTopic || name == kTransactionsTopic; }

std::optional<CreatableTopic> internal_topic(std::string_view name, const config::BrokerConfig& config,
                                             const metadata::Image& image) {
  CreatableTopic topic;
  topic.name = name;
  if (name == kOffsetsTopic) {
    topic.num_partitions = config.offsets_topic_num_partitions;
    topic.replication_factor = possible_replicas(wanted_replicas(name, config), image);
    set(topic, "cleanup.policy", "compact");
    set(topic, "compression.type", "producer");
    set(topic, "segment.bytes", std::to_string(config.offsets_topic_segment_bytes));
    return topic;
  }
  if (name == kTransactionsTopic) {
    topic.num_partitions = config.transaction_state_log_num_partitions;
    topic.replication_factor = possible_replicas(wanted_replicas(name, config), image);
    set(topic, "cleanup.policy", "compact");
    set(topic, "compression.type", "uncompressed");
    set(topic, "min.insync.replicas",
        std::to_string(std::min<std::int32_t>(config.transaction_state_log_min_isr, topic.replication_factor)));
    set(topic, "segment.bytes", std::to_string(config.transaction_state_log_segment_bytes));
    set(topic, "unclean.leader.election.enable", "false");
    return topic;
  }
  return std::nullopt;
}

CreatableTopic default_topic(std::string_view name) {
  CreatableTopic topic;
  topic.name = name;
  topic.num_partitions = -1;
  topic.replication_factor = -1;
  return topic;
}

}  // namespace thalweg::controller
