// Who may do what. There are no ACLs yet and everything is allowed; this is the one place that says so, and the one
// that an authorizer will change. Numbers and names are those of Kafka's AclOperation and ResourceType.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::broker {

struct ClientInfo;

enum class Operation : std::int8_t {
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDelete = 6,
  kAlter = 7,
  kDescribe = 8,
  kClusterAction = 9,
  kDescribeConfigs = 10,
  kAlterConfigs = 11,
  kIdempotentWrite = 12,
  kTwoPhaseCommit = 15,
};

struct Resource {
  enum class Type : std::int8_t { kTopic = 2, kGroup = 3, kCluster = 4, kTransactionalId = 5 } type;
  std::string_view name;
};
inline constexpr Resource kCluster{Resource::Type::kCluster, "kafka-cluster"};
inline Resource topic_resource(std::string_view name) { return {Resource::Type::kTopic, name}; }
inline Resource group_resource(std::string_view id) { return {Resource::Type::kGroup, id}; }
inline Resource transactional_id_resource(std::string_view id) { return {Resource::Type::kTransactionalId, id}; }

// Whether the client may do this to the resource.
bool is_allowed(const ClientInfo& client, Operation operation, const Resource& resource);
// All that it may do to it, of what exists for the resource's type: a bit for each Operation, as Metadata,
// DescribeCluster and DescribeGroups answer.
std::int32_t authorized_operations(const ClientInfo& client, const Resource& resource);

}  // namespace thalweg::broker
