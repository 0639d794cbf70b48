// The groups that this broker coordinates, as ListGroups says it.
#pragma once

#include <string>
#include <vector>

#include "console/call.h"

namespace thalweg::console {

struct GroupRow {
  std::string name;
  GroupType type = GroupType::kUnknown;
  GroupState state = GroupState::kUnknown;
  std::string protocol_type;
};

// "Stable", "PreparingRebalance", as Kafka spells them in any version.
GroupState group_state_named(std::string_view text);

Task<Outcome<std::vector<GroupRow>>> list_groups(const Call& call);

}  // namespace thalweg::console
