// DescribeGroups (15), versions 0-6: classic groups. A group that does not exist is in the state Dead up to version 5
// and an error from version 6 on (KIP-1043).
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/describe_groups_request.h"
#include "protocol/describe_groups_response.h"

namespace thalweg::broker {
namespace {

using protocol::DescribeGroupsRequest;
using protocol::DescribeGroupsResponse;

Task<DescribeGroupsResponse> describe_groups(const RequestContext& context, DescribeGroupsRequest request) {
  DescribeGroupsResponse response;
  for (const auto& group_id : request.groups) {
    auto answer = co_await context.here.broker.groups().ask<DescribeGroupsResponse>(
        context, group_id, DescribeGroupsRequest{.groups = {group_id}});
    if (!answer) {
      response.groups.push_back({.error_code = answer.error().code, .group_id = group_id});
      continue;
    }
    for (auto& group : answer->groups) {
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
