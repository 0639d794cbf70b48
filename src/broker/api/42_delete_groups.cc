// DeleteGroups (42), versions 0-3. Only groups without members can be deleted; their offsets go with them.
#include "broker/api/handlers.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"

namespace thalweg::broker {

using protocol::DeleteGroupsRequest;
using protocol::DeleteGroupsResponse;

Task<DeleteGroupsResponse> delete_groups(const RequestContext& context, DeleteGroupsRequest request) {
  DeleteGroupsResponse response;
  for (const auto& group_id : request.groups_names) {
    Result<DeleteGroupsResponse> answer = fail(ErrorCode::kInvalidGroupId);
    if (!group_id.empty()) {
      answer = co_await context.here.broker.groups().ask<DeleteGroupsResponse>(
          context, group_id, DeleteGroupsRequest{.groups_names = {group_id}});
    }
    if (answer)
      response.results.push_back(std::move(answer->results.front()));
    else
      response.results.push_back({.group_id = group_id, .error_code = answer.error().code});
  }
  co_return response;
}

}  // namespace thalweg::broker
