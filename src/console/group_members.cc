#include "console/group_members.h"

#include <algorithm>

#include "console/ask.h"
#include "console/group_list.h"
#include "console/problem.h"
#include "protocol/consumer_protocol_assignment.h"
#include "protocol/describe_groups_request.h"
#include "protocol/describe_groups_response.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

using protocol::ConsumerProtocolAssignment;
using protocol::DescribeGroupsResponse;

// Nothing for what is not a consumer's assignment: the bytes are the clients' own.
std::vector<thalweg::TopicPartition> assigned_in(const SharedBytes& bytes) {
  std::vector<thalweg::TopicPartition> partitions;
  protocol::Reader reader(bytes);
  std::int16_t version = -1;
  if (!bytes.empty()) reader.read(version);
  if (!reader.ok() || version < 0) return partitions;
  const auto assignment =
      ConsumerProtocolAssignment::decode(reader, std::min(version, ConsumerProtocolAssignment::kMaxVersion));
  if (!assignment) return partitions;
  for (const auto& topic : assignment->assigned_partitions)
    for (const auto partition : topic.partitions) partitions.push_back({topic.topic, partition});
  std::ranges::sort(partitions);
  return partitions;
}

DescribedGroup as_group(DescribeGroupsResponse::DescribedGroup& group) {
  DescribedGroup out{.name = std::move(group.group_id),
                     .error = group.error_code,
                     .message = group.error_message.value_or(""),
                     .state = group_state_named(group.group_state),
                     .protocol_type = std::move(group.protocol_type),
                     .assignor = std::move(group.protocol_data),
                     .members = {}};
  for (auto& member : group.members) {
    const std::string_view host = member.client_host;  // with a slash in front, as Java writes addresses
    out.members.push_back({.id = std::move(member.member_id),
                           .client = std::move(member.client_id),
                           .host = std::string(host.substr(host.starts_with('/') ? 1 : 0)),
                           .instance = std::move(member.group_instance_id),
                           .assigned = assigned_in(member.member_assignment)});
  }
  std::ranges::sort(out.members,
                    [](const auto& a, const auto& b) { return std::tie(a.client, a.id) < std::tie(b.client, b.id); });
  return out;
}

}  // namespace

Task<Outcome<std::vector<DescribedGroup>>> describe_groups(const Call& call, BrokerId coordinator,
                                                           std::vector<std::string> groups, AskOptions options) {
  protocol::DescribeGroupsRequest request;
  request.groups = std::move(groups);
  CO_TRY(auto response,
         told(co_await ask_broker<DescribeGroupsResponse>(call, coordinator, std::move(request), options)));
  std::vector<DescribedGroup> all;
  for (auto& group : response.groups) {
    all.push_back(as_group(group));
    co_await give_way();
  }
  co_return all;
}

}  // namespace thalweg::console
