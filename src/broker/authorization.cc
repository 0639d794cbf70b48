#include "broker/authorization.h"

#include <span>

namespace thalweg::broker {
namespace {

using enum Operation;

constexpr Operation kOfTopics[] = {kRead, kWrite, kCreate, kDelete, kAlter, kDescribe, kDescribeConfigs, kAlterConfigs};
constexpr Operation kOfGroups[] = {kRead, kDelete, kDescribe, kDescribeConfigs, kAlterConfigs};
constexpr Operation kOfCluster[] = {kCreate,          kAlter,        kDescribe,       kClusterAction,
                                    kDescribeConfigs, kAlterConfigs, kIdempotentWrite};
constexpr Operation kOfTransactionalIds[] = {kWrite, kDescribe, kTwoPhaseCommit};

std::span<const Operation> operations_of(Resource::Type type) {
  switch (type) {
    case Resource::Type::kTopic:
      return kOfTopics;
    case Resource::Type::kGroup:
      return kOfGroups;
    case Resource::Type::kCluster:
      return kOfCluster;
    case Resource::Type::kTransactionalId:
      return kOfTransactionalIds;
  }
  return {};
}

}  // namespace

bool is_allowed(const ClientInfo& client, Operation operation, const Resource& resource) { return true; }

std::int32_t authorized_operations(const ClientInfo& client, const Resource& resource) {
  std::int32_t bits = 0;
  for (const Operation operation : operations_of(resource.type))
    if (is_allowed(client, operation, resource)) bits |= 1 << static_cast<int>(operation);
  return bits;
}

}  // namespace thalweg::broker
