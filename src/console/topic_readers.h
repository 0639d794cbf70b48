// Which groups of the cluster have committed offsets in a topic. Those that this broker coordinates are found by
// looking at all of them, in slices; what others coordinate is asked of them, all at once, and for no longer than
// kReadersWithin: who does not say so soon is named.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "console/call.h"

namespace thalweg::console {

inline constexpr Instant kReadersWithin = std::chrono::seconds(1);

struct TopicReader {
  std::string group;
  GroupState state = GroupState::kUnknown;
  BrokerId coordinator;
  std::optional<std::int32_t> members;  // nothing of what others coordinate: describe_groups() tells it of a few
  std::vector<std::pair<PartitionId, Offset>> committed;  // in the topic
};
struct TopicReaders {
  std::vector<TopicReader> readers;
  std::vector<BrokerId> not_asked;  // whose groups are missing, or some of them; sorted
};

// An error is this broker's, as of list_groups().
Task<Outcome<TopicReaders>> readers_of(const Call& call, std::string topic);

}  // namespace thalweg::console
