// DeleteGroups (42), versions 0-3. Only groups without members can be deleted; their offsets go with them.
#include <set>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"

namespace thalweg::broker {
namespace {

using protocol::DeleteGroupsRequest;
using protocol::DeleteGroupsResponse;

Task<DeleteGroupsResponse> delete_groups(const RequestContext& context, DeleteGroupsRequest request) {
  DeleteGroupsResponse response;
  // A name that is given twice is one group, which is deleted and answered once.
  const std::set<std::string> names(request.groups_names.begin(), request.groups_names.end());
  for (const auto& group_id : names) {
    auto answer = co_await context.here.broker.groups().ask<DeleteGroupsResponse>(
        context, group_id, DeleteGroupsRequest{.groups_names = {group_id}});
    if (answer)
      response.results.push_back(std::move(answer->results.front()));
    else
      response.results.push_back({.group_id = group_id, .error_code = answer.error().code});
  }
  co_return response;
}

}  // namespace

extern const Api kDeleteGroups = serve<&delete_groups>;

}  // namespace thalweg::broker
