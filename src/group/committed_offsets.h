// The committed offsets of one group, and when they may be forgotten.
// Plain values, used inside GroupMachine only. Changed by apply() alone.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "base/uuid.h"
#include "group/group_records.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"

namespace thalweg::group {

class ClassicGroup;

class CommittedOffsets {
 public:
  using Value = protocol::OffsetCommitValue;

  void apply(const OffsetRecord& record);
  bool empty() const { return topics_.empty(); }
  const Value* find(const std::string& topic, PartitionId partition) const;
  std::vector<TopicPartition> all() const;
  // Calls for each: topic, partition, value.
  template <class F>
  void each(F call) const {
    for (const auto& [topic, partitions] : topics_)
      for (const auto& [partition, value] : partitions) call(topic, partition, value);
  }
  std::vector<TopicPartition> of_topic(const std::string& topic) const;
  // KIP-211: what `group` no longer needs at `now`, when offsets are kept for `retention`.
  std::vector<TopicPartition> expired(const ClassicGroup& group, Timestamp now, Millis retention) const;

  // As the members of a response: what was asked for, or everything.
  std::vector<protocol::OffsetFetchResponse::OffsetFetchResponseTopics> fetch(
      const std::vector<protocol::OffsetFetchRequest::OffsetFetchRequestTopics>& topics) const;
  std::vector<protocol::OffsetFetchResponse::OffsetFetchResponseTopics> fetch_all() const;

 private:
  std::map<std::string, std::map<PartitionId, Value>> topics_;
};

}  // namespace thalweg::group
