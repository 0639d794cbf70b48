// Where the replicas of partitions are and who leads them, changed: reassignments and elections.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/client.h"

namespace thalweg::admin {

// What became of each partition of a request.
using PartitionResults = std::map<TopicPartition, Result<>>;

// Starts to move partitions to other replicas; nothing in place of replicas takes back the move that is under way.
// list_reassignments() (topics.h) says what is.
using ReplicaChanges = std::map<TopicPartition, std::optional<std::vector<BrokerId>>>;
Task<Result<PartitionResults>> alter_reassignments(Client& client, ReplicaChanges changes,
                                                   bool may_change_factor = true);

// The broker's replicas of these partitions shall lie in these of its log directories; done when the moves have begun.
// kReplicaNotAvailable of one that it does not have yet: it will be made there.
Task<Result<PartitionResults>> alter_log_dirs(Client& client, BrokerId broker,
                                              std::map<TopicPartition, std::string> directories);

// Kafka's numbers. (Source: ElectionType)
enum class Election : std::int8_t { kPreferred = 0, kUnclean = 1 };
// Nothing: all partitions, and the answer leaves those out that need no election. One that is named and needs none has
// kElectionNotNeeded.
Task<Result<PartitionResults>> elect_leaders(Client& client, Election type,
                                             std::optional<std::vector<TopicPartition>> partitions);

}  // namespace thalweg::admin
