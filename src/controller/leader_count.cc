#include "controller/leader_count.h"

namespace thalweg::controller {

LeaderCount::LeaderCount(const metadata::Image& image) {
  for (const auto& [name, topic] : image.topics())
    for (const auto& partition : topic->partitions) count(partition, 1);
}

void LeaderCount::count(const metadata::Partition& partition, std::ptrdiff_t by) {
  if (partition.leader == kNoBroker) return;
  counts_[partition.leader].leads += by;
  for (const auto id : partition.isr) counts_[id].in_sync += by;
}

void LeaderCount::count_all(const metadata::Image& image, const metadata::Record& record, std::ptrdiff_t by) {
  const auto one = [&](Uuid topic_id, PartitionId id) {
    const auto& topics = image.topics_by_id();
    const auto topic = topics.find(topic_id);
    if (topic == topics.end()) return;
    if (const auto* partition = topic->second->partition(id)) count(*partition, by);
  };
  if (const auto* change = std::get_if<protocol::PartitionChangeRecord>(&record)) {
    one(change->topic_id, change->partition_id);
  } else if (const auto* made = std::get_if<protocol::PartitionRecord>(&record)) {
    one(made->topic_id, made->partition_id);
  } else if (const auto* removed = std::get_if<protocol::RemoveTopicRecord>(&record)) {
    if (const auto topic = image.topic(removed->topic_id))
      for (const auto& partition : topic->partitions) count(partition, by);
  }
}

}  // namespace thalweg::controller
