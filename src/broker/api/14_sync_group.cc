// SyncGroup (14), versions 0-5. Followers wait for their leader.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/sync_group_request.h"
#include "protocol/sync_group_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::SyncGroupResponse> sync_group(const RequestContext& context, protocol::SyncGroupRequest request) {
  const std::string group_id = request.group_id;
  auto answer =
      co_await context.here.broker.groups().ask<protocol::SyncGroupResponse>(context, group_id, std::move(request));
  if (answer) co_return std::move(*answer);
  co_return protocol::SyncGroupResponse{.error_code = answer.error().code};
}

}  // namespace

extern const Api kSyncGroup = serve<&sync_group>;

}  // namespace thalweg::broker
