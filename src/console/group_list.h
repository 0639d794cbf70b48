// The groups of the cluster, as the ListGroups of each broker says it.
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
  BrokerId coordinator;
};

// "Stable", "PreparingRebalance", as Kafka spells them in any version.
GroupState group_state_named(std::string_view text);

struct GroupsSeen {
  std::vector<GroupRow> rows;
  std::vector<BrokerId> not_asked;  // whose groups are missing: they are away, or did not answer soon enough
};

// An error is one of this broker's; others that have one are named. What the user may not see of others is left out.
Task<Outcome<GroupsSeen>> list_groups(const Call& call);
// Who coordinates it, as the image says; kNoBroker where nobody does at the moment.
BrokerId coordinator_of(const metadata::Image& image, const std::string& group);

}  // namespace thalweg::console
