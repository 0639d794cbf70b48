// Members of groups and what they read, as DescribeGroups says it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/types.h"
#include "console/ask.h"

namespace thalweg::console {

struct MemberOfGroup {
  std::string id, client, host;
  std::optional<std::string> instance;
  std::vector<thalweg::TopicPartition> assigned;  // by topic and partition
};

struct DescribedGroup {
  std::string name;
  ErrorCode error = ErrorCode::kNone;
  std::string message;
  GroupState state = GroupState::kUnknown;
  std::string protocol_type, assignor;
  std::vector<MemberOfGroup> members;  // by client and id
};

// As their coordinator says it, in the order of the groups. A group that is not there has an error.
Task<Outcome<std::vector<DescribedGroup>>> describe_groups(const Call& call, BrokerId coordinator,
                                                           std::vector<std::string> groups, AskOptions options = {});

}  // namespace thalweg::console
