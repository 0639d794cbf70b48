// One group: who is in it, and what it has committed.
#pragma once

#include <string>

#include "console/group_members.h"
#include "console/group_offsets.h"

namespace thalweg::console {

struct OneGroup {
  DescribedGroup described;
  GroupOffsets committed;
  BrokerId coordinator;
};

// For a page of one group: there is nothing to show without its coordinator, and nothing gained by waiting for long.
inline constexpr AskOptions kForOnePage{.version = {}, .within = std::chrono::seconds(1)};

// Wherever its coordinator is. 404; 503 where that one does not answer, or still loads.
Task<Outcome<OneGroup>> find_group(const Call& call, std::string name, AskOptions options = {});

}  // namespace thalweg::console
