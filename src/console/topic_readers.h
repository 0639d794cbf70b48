// Which groups of this broker have committed offsets in a topic: found by looking at all of them, in slices.
#pragma once

#include <string>
#include <vector>

#include "console/call.h"

namespace thalweg::console {

struct TopicReader {
  std::string group;
  GroupState state = GroupState::kUnknown;
  std::int32_t members = 0;
  std::int32_t partitions = 0;  // of the topic, with committed offsets
};

Task<std::vector<TopicReader>> readers_of(const Call& call, std::string topic);

}  // namespace thalweg::console
