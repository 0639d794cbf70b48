// BrokerRegistration (62), versions 0-4 (KIP-631, KIP-858, KIP-966): a broker asks the controller to be known.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "broker/broker.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
#include "raft/quorum.h"

namespace thalweg::broker {
namespace {

using protocol::BrokerRegistrationResponse;

BrokerRegistrationResponse registration_refused(ErrorCode code) {
  BrokerRegistrationResponse response;
  response.error_code = code;
  return response;
}

// This node's own broker asks the controller here without a connection: who comes by one has the same node.id, by
// mistake or not, and must not take its place while it lives.
Task<BrokerRegistrationResponse> answer(RequestContext context, protocol::BrokerRegistrationRequest request) {
  Broker& broker = context.here.broker;
  const bool takes_our_id = broker.config().is_broker && request.broker_id == broker.config().node_id;
  if (takes_our_id && co_await broker.shard0().call(broker.quorum(), &raft::Quorum::is_leader))
    co_return registration_refused(ErrorCode::kDuplicateBrokerRegistration);
  co_return co_await answer_as_controller<BrokerRegistrationResponse>(std::move(context), std::move(request));
}

Task<Staged<BrokerRegistrationResponse>> broker_registration(const RequestContext& context,
                                                             protocol::BrokerRegistrationRequest request) {
  co_return Staged<BrokerRegistrationResponse>{.later = answer(context.for_stage_two(), std::move(request))};
}

}  // namespace

extern const Api kBrokerRegistration = serve<&broker_registration>;

}  // namespace thalweg::broker
