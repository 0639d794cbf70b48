// The handlers, one file each (key_name.cc). Each answers for every version that protocol decodes.
#pragma once

#include "broker/context.h"
#include "broker/dispatch.h"

namespace thalweg::broker {

// The messages are complete in the handler's own file and in the table.
#define THALWEG_HANDLER(function, Name, Answer) \
  }                                             \
  namespace thalweg::protocol {                 \
  struct Name##Request;                         \
  struct Name##Response;                        \
  }                                             \
  namespace thalweg::broker {                   \
  Task<Answer<protocol::Name##Response>> function(const RequestContext& context, protocol::Name##Request request);

template <class Response>
using Plain = Response;

THALWEG_HANDLER(produce, Produce, Staged)
THALWEG_HANDLER(fetch, Fetch, Plain)
THALWEG_HANDLER(list_offsets, ListOffsets, Plain)
THALWEG_HANDLER(metadata_, Metadata, Plain)
THALWEG_HANDLER(offset_commit, OffsetCommit, Plain)
THALWEG_HANDLER(offset_fetch, OffsetFetch, Plain)
THALWEG_HANDLER(find_coordinator, FindCoordinator, Plain)
THALWEG_HANDLER(join_group, JoinGroup, Plain)
THALWEG_HANDLER(heartbeat, Heartbeat, Plain)
THALWEG_HANDLER(leave_group, LeaveGroup, Plain)
THALWEG_HANDLER(sync_group, SyncGroup, Plain)
THALWEG_HANDLER(describe_groups, DescribeGroups, Plain)
THALWEG_HANDLER(list_groups, ListGroups, Plain)
THALWEG_HANDLER(api_versions, ApiVersions, Plain)
THALWEG_HANDLER(create_topics, CreateTopics, Plain)
THALWEG_HANDLER(delete_topics, DeleteTopics, Plain)
THALWEG_HANDLER(delete_records, DeleteRecords, Plain)
THALWEG_HANDLER(init_producer_id, InitProducerId, Plain)
THALWEG_HANDLER(offset_for_leader_epoch, OffsetForLeaderEpoch, Plain)
THALWEG_HANDLER(describe_configs, DescribeConfigs, Plain)
THALWEG_HANDLER(alter_configs, AlterConfigs, Plain)
THALWEG_HANDLER(describe_log_dirs, DescribeLogDirs, Plain)
THALWEG_HANDLER(create_partitions, CreatePartitions, Plain)
THALWEG_HANDLER(delete_groups, DeleteGroups, Plain)
THALWEG_HANDLER(elect_leaders, ElectLeaders, Plain)
THALWEG_HANDLER(incremental_alter_configs, IncrementalAlterConfigs, Plain)
THALWEG_HANDLER(alter_partition_reassignments, AlterPartitionReassignments, Plain)
THALWEG_HANDLER(list_partition_reassignments, ListPartitionReassignments, Plain)
THALWEG_HANDLER(offset_delete, OffsetDelete, Plain)
THALWEG_HANDLER(describe_cluster, DescribeCluster, Plain)
THALWEG_HANDLER(unregister_broker, UnregisterBroker, Plain)
THALWEG_HANDLER(list_config_resources, ListConfigResources, Plain)
THALWEG_HANDLER(describe_topic_partitions, DescribeTopicPartitions, Plain)

#undef THALWEG_HANDLER

// Error 35 with the range of ApiVersions itself.
protocol::ApiVersionsResponse unsupported_api_versions();

}  // namespace thalweg::broker
