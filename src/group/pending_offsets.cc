#include "group/pending_offsets.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/check.h"

namespace thalweg::group {

std::vector<TopicPartition> united(const std::vector<TopicPartition>& committed,
                                   const std::vector<TopicPartition>& pending) {
  std::vector<TopicPartition> all;
  std::ranges::set_union(committed, pending, std::back_inserter(all));
  return all;
}

std::size_t PendingOffsets::bytes_of(const OffsetRecord& record) {
  constexpr std::size_t kNodes = 320;  // of the maps, and what a value is made of but its text
  return kNodes + record.group.size() + 2 * record.topic.size() + (record.value ? record.value->metadata.size() : 0);
}

void PendingOffsets::add(const OffsetRecord& record) {
  CHECK(record.producer && record.value);
  const TopicPartition partition{record.topic, record.partition};
  Pending& pending = groups_[record.group][partition][record.producer->id];
  bytes_ -= pending.bytes;
  pending = {*record.value, ++last_order_, false, bytes_of(record)};
  bytes_ += pending.bytes;
  transactions_[record.producer->id][record.group].insert(partition);
}

void PendingOffsets::overtake(const std::string& group, const TopicPartition& partition) {
  const auto partitions = groups_.find(group);
  if (partitions == groups_.end()) return;
  const auto at = partitions->second.find(partition);
  if (at == partitions->second.end()) return;
  for (auto& [producer, pending] : at->second) pending.overtaken = true;
}

void PendingOffsets::forget(const std::string& group, const TopicPartition& partition) {
  const auto partitions = groups_.find(group);
  if (partitions == groups_.end()) return;
  const auto at = partitions->second.find(partition);
  if (at == partitions->second.end()) return;
  for (const auto& [producer, pending] : std::exchange(at->second, {})) {
    bytes_ -= pending.bytes;
    drop_from_transaction(producer, group, partition);
  }
  drop_if_empty(group, partition);
}

PendingOffsets::Ended PendingOffsets::end(ProducerId producer, bool commit) {
  Ended ended;
  const auto transaction = transactions_.extract(producer);
  if (!transaction) return ended;
  for (const auto& [group, partitions] : transaction.mapped()) {
    ended.groups.push_back(group);
    for (const auto& partition : partitions) {
      ByProducer& all = groups_.at(group).at(partition);
      auto node = all.extract(producer);
      CHECK(node);
      Pending& pending = node.mapped();
      bytes_ -= pending.bytes;
      if (commit && !pending.overtaken) {
        for (auto& [other, earlier] : all)
          if (earlier.order < pending.order) earlier.overtaken = true;
        ended.in_force.push_back({group, partition.topic, partition.partition, std::move(pending.value)});
      }
      drop_if_empty(group, partition);
    }
  }
  return ended;
}

bool PendingOffsets::has(const std::string& group, const TopicPartition& partition) const {
  const auto partitions = groups_.find(group);
  return partitions != groups_.end() && partitions->second.contains(partition);
}

std::vector<TopicPartition> PendingOffsets::of_group(const std::string& group) const {
  std::vector<TopicPartition> result;
  if (const auto at = groups_.find(group); at != groups_.end())
    for (const auto& [partition, pending] : at->second) result.push_back(partition);
  return result;
}

std::vector<TopicPartition> PendingOffsets::of_topic(const std::string& group, const std::string& topic) const {
  std::vector<TopicPartition> result;
  const auto partitions = groups_.find(group);
  if (partitions == groups_.end()) return result;
  const TopicPartition first{topic, PartitionId{std::numeric_limits<std::int32_t>::min()}};
  for (auto at = partitions->second.lower_bound(first); at != partitions->second.end() && at->first.topic == topic;
       ++at)
    result.push_back(at->first);
  return result;
}

void PendingOffsets::drop_if_empty(const std::string& group, const TopicPartition& partition) {
  const auto partitions = groups_.find(group);
  const auto at = partitions->second.find(partition);
  if (!at->second.empty()) return;
  partitions->second.erase(at);
  if (partitions->second.empty()) groups_.erase(partitions);
}

void PendingOffsets::drop_from_transaction(ProducerId producer, const std::string& group,
                                           const TopicPartition& partition) {
  const auto transaction = transactions_.find(producer);
  const auto partitions = transaction->second.find(group);
  partitions->second.erase(partition);
  if (partitions->second.empty()) transaction->second.erase(partitions);
  if (transaction->second.empty()) transactions_.erase(transaction);
}

}  // namespace thalweg::group
