#include "admin/groups.h"

#include "admin/coordinator.h"
#include "protocol/consumer_group_describe_request.h"
#include "protocol/consumer_group_describe_response.h"
#include "protocol/consumer_protocol_assignment.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"
#include "protocol/describe_groups_request.h"
#include "protocol/describe_groups_response.h"
#include "protocol/list_groups_request.h"
#include "protocol/list_groups_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

// What a member of a classic group was given; empty for what is not a consumer's assignment.
std::set<TopicPartition> assigned_to(const SharedBytes& bytes) {
  std::set<TopicPartition> partitions;
  if (bytes.empty()) return partitions;
  Reader reader(bytes);
  std::int16_t version = 0;
  reader.read(version);
  if (!reader.ok() || version < 0) return partitions;
  const auto assignment =
      ConsumerProtocolAssignment::decode(reader, std::min(version, ConsumerProtocolAssignment::kMaxVersion));
  if (!assignment) return partitions;
  for (const auto& topic : assignment->assigned_partitions)
    for (const auto partition : topic.partitions) partitions.insert({topic.topic, partition});
  return partitions;
}

std::set<TopicPartition> flat(const ConsumerGroupDescribeResponse::Assignment& assignment) {
  std::set<TopicPartition> partitions;
  for (const auto& topic : assignment.topic_partitions)
    for (const auto partition : topic.partitions) partitions.insert({topic.topic_name, partition});
  return partitions;
}

GroupDescription from_consumer_group(const ConsumerGroupDescribeResponse::DescribedGroup& group) {
  GroupDescription out{.id = group.group_id,
                       .type = "consumer",
                       .state = group.group_state,
                       .protocol_type = "consumer",
                       .assignor = group.assignor_name,
                       .coordinator = {},
                       .coordinator_endpoint = {},
                       .group_epoch = group.group_epoch,
                       .assignment_epoch = group.assignment_epoch,
                       .members = {}};
  for (const auto& m : group.members)
    out.members.push_back({m.member_id, m.instance_id, m.client_id, m.client_host, flat(m.assignment), m.member_epoch,
                           flat(m.target_assignment)});
  return out;
}

GroupDescription from_classic_group(const DescribeGroupsResponse::DescribedGroup& group) {
  GroupDescription out{.id = group.group_id,
                       .type = "classic",
                       .state = group.group_state,
                       .protocol_type = group.protocol_type,
                       .assignor = group.protocol_data,
                       .coordinator = {},
                       .coordinator_endpoint = {},
                       .group_epoch = {},
                       .assignment_epoch = {},
                       .members = {}};
  for (const auto& m : group.members)
    out.members.push_back(
        {m.member_id, m.group_instance_id, m.client_id, m.client_host, assigned_to(m.member_assignment), {}, {}});
  return out;
}

ErrorCode error_in_described(const ConsumerGroupDescribeResponse& response) {
  return response.groups.empty() ? ErrorCode::kUnknownServerError : response.groups[0].error_code;
}
ErrorCode error_in_classic(const DescribeGroupsResponse& response) {
  return response.groups.empty() ? ErrorCode::kUnknownServerError : response.groups[0].error_code;
}
ErrorCode error_in_deleted(const DeleteGroupsResponse& response) {
  return response.results.empty() ? ErrorCode::kUnknownServerError : response.results[0].error_code;
}

Error not_found(const std::string& group) { return {ErrorCode::kGroupIdNotFound, "Group " + group + " not found."}; }

Task<Result<GroupDescription>> describe_newer(Client& client, std::string group) {
  ConsumerGroupDescribeRequest request;
  request.group_ids = {group};
  CO_TRY(const auto response,
         co_await ask_coordinator<ConsumerGroupDescribeResponse>(
             client, group, std::move(request), 0, ConsumerGroupDescribeRequest::kMaxVersion, error_in_described));
  if (const auto code = error_in_described(response); code != ErrorCode::kNone)
    co_return std::unexpected(
        error_of(code, response.groups.empty() ? std::nullopt : response.groups[0].error_message));
  co_return from_consumer_group(response.groups[0]);
}

Task<Result<GroupDescription>> describe_classic(Client& client, std::string group) {
  DescribeGroupsRequest request;
  request.groups = {group};
  CO_TRY(const auto response,
         co_await ask_coordinator<DescribeGroupsResponse>(client, group, std::move(request), 0,
                                                          DescribeGroupsRequest::kMaxVersion, error_in_classic));
  const auto code = error_in_classic(response);
  // Before version 6 of the request a group that does not exist is a dead one.
  if (code == ErrorCode::kGroupIdNotFound || (code == ErrorCode::kNone && response.groups[0].group_state == "Dead"))
    co_return std::unexpected(not_found(group));
  if (code != ErrorCode::kNone) co_return std::unexpected(error_of(code));
  co_return from_classic_group(response.groups[0]);
}

Task<Result<>> list_of_broker(Client& client, BrokerId broker, ListGroupsRequest request,
                              std::map<std::string, GroupListing>& out, Instant deadline) {
  CO_TRY(const auto channel, co_await client.to(broker, deadline));
  CO_TRY(const auto version, channel->version_of(request.kKey, request.kMinVersion, request.kMaxVersion));
  CO_TRY_VOID(request.representable(version));
  CO_TRY(const auto response,
         co_await channel->send<ListGroupsResponse>(std::move(request), version, client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(response.error_code));
  for (const auto& group : response.groups)
    out[group.group_id] = {group.group_id, group.protocol_type, group.group_state, group.group_type};
  co_return Result<>();
}

Task<Result<std::vector<GroupListing>>> list_once(Client& client, ListGroupsRequest request, Instant deadline) {
  CO_TRY_VOID(co_await client.metadata(std::vector<std::string>(), false, deadline));
  const auto brokers = client.brokers();
  std::map<std::string, GroupListing> groups;
  for (const auto& [id, endpoint] : brokers)
    CO_TRY_VOID(co_await list_of_broker(client, id, request, groups, deadline));
  std::vector<GroupListing> listed;
  for (auto& [id, group] : groups) listed.push_back(std::move(group));
  co_return listed;
}

}  // namespace

Task<Result<std::vector<GroupListing>>> list_groups(Client& client, std::vector<std::string> states,
                                                    std::vector<std::string> types) {
  ListGroupsRequest request;
  request.states_filter = std::move(states);
  request.types_filter = std::move(types);
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto groups = co_await list_once(client, request, deadline);
    if (groups || !co_await retry.again(groups.error())) co_return groups;
  }
}

Task<Result<GroupDescription>> describe_group(Client& client, std::string group) {
  auto described = co_await describe_newer(client, group);
  if (!described && (described.error().code == ErrorCode::kUnsupportedVersion ||
                     described.error().code == ErrorCode::kGroupIdNotFound))
    described = co_await describe_classic(client, group);
  if (!described) co_return described;
  CO_TRY(described->coordinator, co_await client.coordinator(group, client.api_deadline()));
  if (const auto at = client.brokers().find(described->coordinator); at != client.brokers().end())
    described->coordinator_endpoint = at->second;
  co_return described;
}

Task<Result<>> delete_group(Client& client, std::string group) {
  DeleteGroupsRequest request;
  request.groups_names = {group};
  CO_TRY(const auto response,
         co_await ask_coordinator<DeleteGroupsResponse>(client, group, std::move(request), 0,
                                                        DeleteGroupsRequest::kMaxVersion, error_in_deleted));
  const auto code = error_in_deleted(response);
  if (code != ErrorCode::kNone)
    co_return std::unexpected(
        error_of(code, response.results.empty() ? std::nullopt : response.results[0].error_message));
  co_return Result<>();
}

}  // namespace thalweg::admin
