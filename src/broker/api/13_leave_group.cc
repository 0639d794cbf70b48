// LeaveGroup (13), versions 0-5.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/leave_group_request.h"
#include "protocol/leave_group_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::LeaveGroupResponse> leave_group(const RequestContext& context, protocol::LeaveGroupRequest request) {
  const std::string group_id = request.group_id;
  auto answer =
      co_await context.here.broker.groups().ask<protocol::LeaveGroupResponse>(context, group_id, std::move(request));
  if (answer) co_return std::move(*answer);
  co_return protocol::LeaveGroupResponse{.error_code = answer.error().code};
}

}  // namespace

extern const Api kLeaveGroup = serve<&leave_group>;

}  // namespace thalweg::broker
