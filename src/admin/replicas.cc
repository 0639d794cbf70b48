#include "admin/replicas.h"

#include <string>
#include <utility>

#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/alter_replica_log_dirs_request.h"
#include "protocol/alter_replica_log_dirs_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

template <class Answered>
Result<> result_in(const Answered& partition) {
  if (partition.error_code == ErrorCode::kNone) return {};
  return std::unexpected(error_of(partition.error_code, partition.error_message));
}

Task<Result<PartitionResults>> alter_reassignments_once(Client& client, AlterPartitionReassignmentsRequest request,
                                                        Instant deadline) {
  CO_TRY(const auto channel, co_await client.controller(deadline));
  CO_TRY(const auto response, co_await send<AlterPartitionReassignmentsResponse>(channel, std::move(request),
                                                                                 client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_of(response.error_code, response.error_message));
  PartitionResults results;
  for (const auto& topic : response.responses)
    for (const auto& p : topic.partitions) results[{topic.name, p.partition_index}] = result_in(p);
  co_return results;
}

Task<Result<PartitionResults>> alter_log_dirs_once(Client& client, BrokerId broker, AlterReplicaLogDirsRequest request,
                                                   Instant deadline) {
  CO_TRY(const auto channel, co_await client.to(broker, deadline));
  CO_TRY(const auto response,
         co_await send<AlterReplicaLogDirsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  PartitionResults results;
  for (const auto& topic : response.results)
    for (const auto& p : topic.partitions)
      results[{topic.topic_name, p.partition_index}] =
          p.error_code == ErrorCode::kNone ? Result<>() : std::unexpected(error_of(p.error_code));
  co_return results;
}

Task<Result<PartitionResults>> elect_once(Client& client, ElectLeadersRequest request, Instant deadline) {
  CO_TRY(const auto channel, co_await client.controller(deadline));
  CO_TRY(const auto response,
         co_await send<ElectLeadersResponse>(channel, std::move(request), client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(response.error_code));
  PartitionResults results;
  for (const auto& topic : response.replica_election_results)
    for (const auto& p : topic.partition_result) results[{topic.topic, p.partition_id}] = result_in(p);
  co_return results;
}

}  // namespace

Task<Result<PartitionResults>> alter_reassignments(Client& client, ReplicaChanges changes, bool may_change_factor) {
  AlterPartitionReassignmentsRequest request;
  request.allow_replication_factor_change = may_change_factor;
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  for (auto& [tp, replicas] : changes) {
    if (request.topics.empty() || request.topics.back().name != tp.topic) request.topics.push_back({tp.topic, {}});
    request.topics.back().partitions.push_back({tp.partition, std::move(replicas)});
  }
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto results = co_await alter_reassignments_once(client, request, deadline);
    if (results || !co_await retry.again(results.error())) co_return results;
  }
}

Task<Result<PartitionResults>> alter_log_dirs(Client& client, BrokerId broker,
                                              std::map<TopicPartition, std::string> directories) {
  std::map<std::string, std::map<std::string, std::vector<PartitionId>>> by_path;
  for (const auto& [tp, path] : directories) by_path[path][tp.topic].push_back(tp.partition);
  AlterReplicaLogDirsRequest request;
  for (auto& [path, topics] : by_path) {
    auto& directory = request.dirs.emplace_back();
    directory.path = path;
    for (auto& [topic, partitions] : topics) directory.topics.push_back({topic, std::move(partitions)});
  }
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto results = co_await alter_log_dirs_once(client, broker, request, deadline);
    if (results || !co_await retry.again(results.error())) co_return results;
  }
}

Task<Result<PartitionResults>> elect_leaders(Client& client, Election type,
                                             std::optional<std::vector<TopicPartition>> partitions) {
  ElectLeadersRequest request;
  request.election_type = static_cast<std::int8_t>(type);
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  request.topic_partitions.reset();
  if (partitions) {
    std::map<std::string, std::vector<PartitionId>> by_topic;
    for (const auto& tp : *partitions) by_topic[tp.topic].push_back(tp.partition);
    request.topic_partitions.emplace();
    for (auto& [topic, ids] : by_topic) request.topic_partitions->push_back({topic, std::move(ids)});
  }
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto results = co_await elect_once(client, request, deadline);
    if (results || !co_await retry.again(results.error())) co_return results;
  }
}

}  // namespace thalweg::admin
