// BrokerHeartbeat (63), versions 0-2 (KIP-631, KIP-858): a broker tells the controller that it lives, what it has
// published, and what it wants.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"

namespace thalweg::broker {
namespace {

Task<Staged<protocol::BrokerHeartbeatResponse>> broker_heartbeat(const RequestContext& context,
                                                                 protocol::BrokerHeartbeatRequest request) {
  co_return staged_answer_as_controller<protocol::BrokerHeartbeatResponse>(context, std::move(request));
}

}  // namespace

extern const Api kBrokerHeartbeat = serve<&broker_heartbeat>;

}  // namespace thalweg::broker
