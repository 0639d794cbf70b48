// ListGroups (16), versions 0-5: the groups that this broker coordinates; a client asks every broker.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/list_groups_request.h"
#include "protocol/list_groups_response.h"

namespace thalweg::broker {
namespace {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;

Task<ListGroupsResponse> list_groups(const RequestContext& context, ListGroupsRequest request) {
  auto answers = co_await context.here.broker.groups().ask_all<ListGroupsResponse>(context, std::move(request));
  if (!answers) co_return ListGroupsResponse{.error_code = answers.error().code};
  ListGroupsResponse response;
  for (auto& answer : *answers)
    for (auto& group : answer.groups) response.groups.push_back(std::move(group));
  co_return response;
}

}  // namespace

extern const Api kListGroups = serve<&list_groups>;

}  // namespace thalweg::broker
