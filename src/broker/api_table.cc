#include "broker/api_table.h"

#include <algorithm>

namespace thalweg::broker {

// Each is defined at the end of its file under api/.
extern const Api kProduce, kFetch, kListOffsets, kMetadata, kOffsetCommit, kOffsetFetch, kFindCoordinator, kJoinGroup,
    kHeartbeat, kLeaveGroup, kSyncGroup, kDescribeGroups, kListGroups, kApiVersions, kCreateTopics, kDeleteTopics,
    kDeleteRecords, kInitProducerId, kOffsetForLeaderEpoch, kWriteTxnMarkers, kTxnOffsetCommit, kDescribeProducers,
    kAddPartitionsToTxn, kAddOffsetsToTxn, kEndTxn, kDescribeConfigs, kAlterConfigs, kAlterReplicaLogDirs,
    kDescribeLogDirs, kCreatePartitions, kDeleteGroups, kElectLeaders, kIncrementalAlterConfigs,
    kAlterPartitionReassignments, kListPartitionReassignments, kOffsetDelete, kDescribeQuorum, kAlterPartition,
    kUpdateFeatures, kEnvelope, kDescribeCluster, kBrokerRegistration, kBrokerHeartbeat, kUnregisterBroker,
    kDescribeTransactions, kListTransactions, kAllocateProducerIds, kAssignReplicasToDirs, kListConfigResources,
    kDescribeTopicPartitions, kAddRaftVoter, kRemoveRaftVoter, kUpdateRaftVoter, kThalwegRegistry;

namespace {
constexpr const Api* kServed[] = {
    &kProduce,
    &kFetch,
    &kListOffsets,
    &kMetadata,
    &kOffsetCommit,
    &kOffsetFetch,
    &kFindCoordinator,
    &kJoinGroup,
    &kHeartbeat,
    &kLeaveGroup,
    &kSyncGroup,
    &kDescribeGroups,
    &kListGroups,
    &kApiVersions,
    &kCreateTopics,
    &kDeleteTopics,
    &kDeleteRecords,
    &kInitProducerId,
    &kOffsetForLeaderEpoch,
    &kAddPartitionsToTxn,
    &kAddOffsetsToTxn,
    &kEndTxn,
    &kWriteTxnMarkers,
    &kTxnOffsetCommit,
    &kDescribeConfigs,
    &kAlterConfigs,
    &kAlterReplicaLogDirs,
    &kDescribeLogDirs,
    &kCreatePartitions,
    &kDeleteGroups,
    &kElectLeaders,
    &kIncrementalAlterConfigs,
    &kAlterPartitionReassignments,
    &kListPartitionReassignments,
    &kOffsetDelete,
    &kDescribeQuorum,
    &kAlterPartition,
    &kUpdateFeatures,
    &kEnvelope,
    &kDescribeCluster,
    &kDescribeProducers,
    &kBrokerRegistration,
    &kBrokerHeartbeat,
    &kUnregisterBroker,
    &kDescribeTransactions,
    &kListTransactions,
    &kAllocateProducerIds,
    &kAssignReplicasToDirs,
    &kListConfigResources,
    &kDescribeTopicPartitions,
    &kAddRaftVoter,
    &kRemoveRaftVoter,
    &kUpdateRaftVoter,
    &kThalwegRegistry,
};
}  // namespace

std::span<const Api* const> served_apis() { return kServed; }

const Api* find_served(protocol::ApiKey key) {
  const auto at = std::ranges::lower_bound(kServed, key, {}, [](const Api* api) { return api->key; });
  return at != std::end(kServed) && (*at)->key == key ? *at : nullptr;
}

}  // namespace thalweg::broker
