// DescribeGroups (15), versions 0-6: classic groups. A group that does not exist is in the state Dead up to version 5
// and an error from version 6 on (KIP-1043). A group that is named twice is answered once.
#include <set>

#include "broker/answer_bound.h"
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/describe_groups_request.h"
#include "protocol/describe_groups_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::DescribeGroupsRequest;
using protocol::DescribeGroupsResponse;

constexpr std::int16_t kMessageFrom = 6;

std::size_t size_of(const DescribeGroupsResponse::DescribedGroup& group) {
  std::size_t size = sizeof group + group.group_id.size();
  for (const auto& member : group.members)
    size += sizeof member + member.member_id.size() + member.client_id.size() + member.client_host.size() +
            member.member_metadata.size() + member.member_assignment.size();
  return size;
}

Task<DescribeGroupsResponse> describe_groups(const RequestContext& context, DescribeGroupsRequest request) {
  DescribeGroupsResponse response;
  std::set<std::string> seen;
  AnswerBound bound(context);
  constexpr std::size_t kGroupsAtOnce = 100;
  Pace pace(kGroupsAtOnce);
  for (const auto& group_id : request.groups) {
    if (!seen.insert(group_id).second) continue;
    if (pace.due()) co_await give_way();
    auto answer = co_await context.here.broker.groups().ask<DescribeGroupsResponse>(
        context, group_id, DescribeGroupsRequest{.groups = {group_id}});
    if (!answer) {
      response.groups.push_back({.error_code = answer.error().code, .group_id = group_id});
      continue;
    }
    for (auto& group : answer->groups) {
      if (const auto room = bound.add(size_of(group)); !room) {
        response.groups.push_back({.error_code = room.error().code, .group_id = group_id});
        if (context.version >= kMessageFrom) response.groups.back().error_message = room.error().message;
        continue;
      }
      if (request.include_authorized_operations && group.error_code == ErrorCode::kNone)
        group.authorized_operations = authorized_operations(*context.connection, group_resource(group_id));
      response.groups.push_back(std::move(group));
    }
  }
  co_return response;
}

}  // namespace

extern const Api kDescribeGroups = serve<&describe_groups>;

}  // namespace thalweg::broker
