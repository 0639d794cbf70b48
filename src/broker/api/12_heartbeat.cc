// Heartbeat (12), versions 0-4.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::HeartbeatResponse> heartbeat(const RequestContext& context, protocol::HeartbeatRequest request) {
  const std::string group_id = request.group_id;
  auto answer =
      co_await context.here.broker.groups().ask<protocol::HeartbeatResponse>(context, group_id, std::move(request));
  if (answer) co_return std::move(*answer);
  // A heartbeat is a question about the group as it was; while it is loaded the member may go on (as in Kafka).
  const bool loading = answer.error().code == ErrorCode::kCoordinatorLoadInProgress;
  co_return protocol::HeartbeatResponse{.error_code = loading ? ErrorCode::kNone : answer.error().code};
}

}  // namespace

extern const Api kHeartbeat = serve<&heartbeat>;

}  // namespace thalweg::broker
