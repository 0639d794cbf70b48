// Consumer groups as an operator sees them: which there are, who is in them, what they have; and removing them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admin/client.h"

namespace thalweg::admin {

struct GroupListing {
  std::string id;
  std::string protocol_type;  // "consumer"; empty when only offsets are stored
  std::string state;          // "Stable"; empty from brokers before Kafka 2.6
  std::string type;           // "classic"; empty from brokers before Kafka 3.8
};

struct GroupMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string host;
  std::set<TopicPartition> assignment;
  // Only members of groups of the newer protocol have these.
  std::optional<std::int32_t> epoch;
  std::set<TopicPartition> target_assignment;
};

struct GroupDescription {
  std::string id;
  std::string type;  // "classic" or "consumer"
  std::string state;
  std::string protocol_type;
  std::string assignor;
  BrokerId coordinator;
  Endpoint coordinator_endpoint;
  std::optional<std::int32_t> group_epoch, assignment_epoch;
  std::vector<GroupMember> members;  // as the broker orders them
};

// Of all brokers, empty filters mean everything; sorted by id.
Task<Result<std::vector<GroupListing>>> list_groups(Client& client, std::vector<std::string> states = {},
                                                    std::vector<std::string> types = {});
// kGroupIdNotFound when there is none.
Task<Result<GroupDescription>> describe_group(Client& client, std::string group);
Task<Result<>> delete_group(Client& client, std::string group);

}  // namespace thalweg::admin
