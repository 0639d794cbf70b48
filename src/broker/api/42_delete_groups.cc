// DeleteGroups (42), versions 0-3. Only groups without members can be deleted; their offsets go with them.
#include <set>

#include "broker/api/api.h"
#include "broker/audit.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/slices.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::DeleteGroupsRequest;
using protocol::DeleteGroupsResponse;

Task<DeleteGroupsResponse> delete_groups(const RequestContext& context, DeleteGroupsRequest request) {
  DeleteGroupsResponse response;
  Pace pace(kPartitionsAtOnce);
  // A name that is given twice is one group, which is deleted and answered once.
  const std::set<std::string> names(request.groups_names.begin(), request.groups_names.end());
  for (const auto& group_id : names) {
    if (pace.due()) co_await give_way();
    auto answer = co_await context.here.broker.groups().ask<DeleteGroupsResponse>(
        context, group_id, DeleteGroupsRequest{.groups_names = {group_id}});
    if (answer)
      response.results.push_back(std::move(answer->results.front()));
    else
      response.results.push_back({.group_id = group_id, .error_code = answer.error().code});
    if (response.results.back().error_code == ErrorCode::kNone)
      log::info("group deleted", field("group", group_id), by(context));
  }
  co_return response;
}

}  // namespace

extern const Api kDeleteGroups = serve<&delete_groups>;

}  // namespace thalweg::broker
