// JoinGroup (11), versions 0-9. The answer may come a whole rebalance later; the connection waits for it.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/join_group_request.h"
#include "protocol/join_group_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::JoinGroupResponse> join_group(const RequestContext& context, protocol::JoinGroupRequest request) {
  const std::string group_id = request.group_id;
  const std::string member_id = request.member_id;
  // A member's metadata is kept for as long as it is a member: not with all the bytes that came along with it.
  for (auto& protocol : request.protocols) protocol.metadata = SharedBytes::copy_of(protocol.metadata.view());
  // Its bytes are the group's now, which bounds them, for as long as a rebalance may last.
  if (context.request.memory) context.request.memory->release();
  auto answer =
      co_await context.here.broker.groups().ask<protocol::JoinGroupResponse>(context, group_id, std::move(request));
  if (answer) co_return std::move(*answer);
  co_return protocol::JoinGroupResponse{
      .error_code = answer.error().code, .protocol_name = std::nullopt, .member_id = member_id};
}

}  // namespace

extern const Api kJoinGroup = serve<&join_group>;

}  // namespace thalweg::broker
