#include "broker/api_table.h"

#include <algorithm>

#include "broker/api/handlers.h"
#include "broker/dispatch.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/describe_cluster_request.h"
#include "protocol/describe_cluster_response.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"
#include "protocol/describe_groups_request.h"
#include "protocol/describe_groups_response.h"
#include "protocol/describe_log_dirs_request.h"
#include "protocol/describe_log_dirs_response.h"
#include "protocol/describe_topic_partitions_request.h"
#include "protocol/describe_topic_partitions_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/join_group_request.h"
#include "protocol/join_group_response.h"
#include "protocol/leave_group_request.h"
#include "protocol/leave_group_response.h"
#include "protocol/list_config_resources_request.h"
#include "protocol/list_config_resources_response.h"
#include "protocol/list_groups_request.h"
#include "protocol/list_groups_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "protocol/list_partition_reassignments_request.h"
#include "protocol/list_partition_reassignments_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/offset_delete_request.h"
#include "protocol/offset_delete_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "protocol/offset_for_leader_epoch_request.h"
#include "protocol/offset_for_leader_epoch_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "protocol/sync_group_request.h"
#include "protocol/sync_group_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::broker {
namespace {

template <class Request, class Response, Task<Response> (*handler)(const RequestContext&, Request)>
Api plain() {
  const auto& info = protocol::info(Request::kKey);
  return {info.key, info.advertised_min, info.advertised_max, &one_stage<Request, Response, handler>};
}
template <class Request, class Response, Task<Staged<Response>> (*handler)(const RequestContext&, Request)>
Api staged() {
  const auto& info = protocol::info(Request::kKey);
  return {info.key, info.advertised_min, info.advertised_max, &two_stages<Request, Response, handler>};
}

#define API(Name, function) plain<protocol::Name##Request, protocol::Name##Response, &function>()
#define STAGED_API(Name, function) staged<protocol::Name##Request, protocol::Name##Response, &function>()

const auto& table() {
  static const Api kApis[] = {
      STAGED_API(Produce, produce),
      API(Fetch, fetch),
      API(ListOffsets, list_offsets),
      API(Metadata, metadata_),
      API(OffsetCommit, offset_commit),
      API(OffsetFetch, offset_fetch),
      API(FindCoordinator, find_coordinator),
      API(JoinGroup, join_group),
      API(Heartbeat, heartbeat),
      API(LeaveGroup, leave_group),
      API(SyncGroup, sync_group),
      API(DescribeGroups, describe_groups),
      API(ListGroups, list_groups),
      API(ApiVersions, api_versions),
      API(CreateTopics, create_topics),
      API(DeleteTopics, delete_topics),
      API(DeleteRecords, delete_records),
      API(InitProducerId, init_producer_id),
      API(OffsetForLeaderEpoch, offset_for_leader_epoch),
      API(DescribeConfigs, describe_configs),
      API(AlterConfigs, alter_configs),
      API(DescribeLogDirs, describe_log_dirs),
      API(CreatePartitions, create_partitions),
      API(DeleteGroups, delete_groups),
      API(ElectLeaders, elect_leaders),
      API(IncrementalAlterConfigs, incremental_alter_configs),
      API(AlterPartitionReassignments, alter_partition_reassignments),
      API(ListPartitionReassignments, list_partition_reassignments),
      API(OffsetDelete, offset_delete),
      API(DescribeCluster, describe_cluster),
      API(UnregisterBroker, unregister_broker),
      API(ListConfigResources, list_config_resources),
      API(DescribeTopicPartitions, describe_topic_partitions),
  };
  return kApis;
}

}  // namespace

std::span<const Api> served_apis() { return table(); }

const Api* find_served(std::int16_t key) {
  const auto apis = served_apis();
  const auto at =
      std::ranges::lower_bound(apis, key, {}, [](const Api& api) { return static_cast<std::int16_t>(api.key); });
  return at != apis.end() && static_cast<std::int16_t>(at->key) == key ? &*at : nullptr;
}

}  // namespace thalweg::broker
