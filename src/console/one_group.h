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

// Wherever its coordinator is. 404; 503 where that one does not answer, or still loads.
Task<Outcome<OneGroup>> find_group(const Call& call, std::string name);

}  // namespace thalweg::console
