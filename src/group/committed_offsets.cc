#include "group/committed_offsets.h"

#include "group/classic_group.h"

namespace thalweg::group {
namespace {

using FetchedTopic = protocol::OffsetFetchResponse::OffsetFetchResponseTopics;
using FetchedPartition = protocol::OffsetFetchResponse::OffsetFetchResponsePartitions;

FetchedPartition to_response(PartitionId partition, const CommittedOffsets::Value& value) {
  return {.partition_index = partition,
          .committed_offset = value.offset,
          .committed_leader_epoch = value.leader_epoch,
          .metadata = value.metadata};
}

// What "never committed" looks like.
FetchedPartition nothing_committed(PartitionId partition) {
  return {.partition_index = partition, .committed_offset = kNoOffset, .metadata = std::string()};
}

}  // namespace

void CommittedOffsets::apply(const OffsetRecord& record) {
  if (record.value) {
    topics_[record.topic][record.partition] = *record.value;
    return;
  }
  const auto topic = topics_.find(record.topic);
  if (topic == topics_.end()) return;
  topic->second.erase(record.partition);
  if (topic->second.empty()) topics_.erase(topic);
}

const CommittedOffsets::Value* CommittedOffsets::find(const std::string& topic, PartitionId partition) const {
  const auto partitions = topics_.find(topic);
  if (partitions == topics_.end()) return nullptr;
  const auto at = partitions->second.find(partition);
  return at == partitions->second.end() ? nullptr : &at->second;
}

std::vector<TopicPartition> CommittedOffsets::all() const {
  std::vector<TopicPartition> result;
  for (const auto& [topic, partitions] : topics_)
    for (const auto& [partition, value] : partitions) result.push_back({topic, partition});
  return result;
}

std::vector<TopicPartition> CommittedOffsets::of_topic(const std::string& topic) const {
  std::vector<TopicPartition> result;
  if (const auto at = topics_.find(topic); at != topics_.end())
    for (const auto& [partition, value] : at->second) result.push_back({topic, partition});
  return result;
}

std::vector<TopicPartition> CommittedOffsets::expired(const ClassicGroup& group, Timestamp now,
                                                      Millis retention) const {
  const bool empty = group.state() == GroupState::kEmpty;
  // While members are here only what nobody reads any more may go, and only when we can tell.
  const bool in_use = !group.is_simple() && !empty;
  if (in_use && (group.state() != GroupState::kStable || !group.knows_subscriptions())) return {};
  // A group that had members keeps all its offsets for as long as it has been without them.
  const bool since_empty = !group.is_simple() && empty && group.state_since() != kNoTimestamp;

  std::vector<TopicPartition> result;
  for (const auto& [topic, partitions] : topics_) {
    if (in_use && group.may_be_subscribed_to(topic)) continue;
    for (const auto& [partition, value] : partitions) {
      const Timestamp since = since_empty ? group.state_since() : value.commit_timestamp;
      // Not now - since: a damaged record may carry any timestamp.
      const bool is_over =
          value.expire_timestamp >= 0 ? now >= value.expire_timestamp : since <= now - retention.count();
      if (is_over) result.push_back({topic, partition});
    }
  }
  return result;
}

std::vector<FetchedTopic> CommittedOffsets::fetch(
    const std::vector<protocol::OffsetFetchRequest::OffsetFetchRequestTopics>& topics) const {
  std::vector<FetchedTopic> result;
  for (const auto& asked : topics) {
    auto& topic = result.emplace_back(FetchedTopic{.name = asked.name, .topic_id = asked.topic_id});
    for (const auto partition : asked.partition_indexes) {
      const Value* value = find(asked.name, partition);
      // Committed for a topic of this name that has been deleted since: the new one has no offsets.
      const bool other_topic =
          value && !value->topic_id.is_zero() && !asked.topic_id.is_zero() && value->topic_id != asked.topic_id;
      topic.partitions.push_back(value && !other_topic ? to_response(partition, *value) : nothing_committed(partition));
    }
  }
  return result;
}

std::vector<FetchedTopic> CommittedOffsets::fetch_all() const {
  std::vector<FetchedTopic> result;
  for (const auto& [name, partitions] : topics_) {
    auto& topic = result.emplace_back(FetchedTopic{.name = name});
    for (const auto& [partition, value] : partitions) {
      topic.topic_id = value.topic_id;
      topic.partitions.push_back(to_response(partition, value));
    }
  }
  return result;
}

}  // namespace thalweg::group
