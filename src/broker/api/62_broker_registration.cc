// BrokerRegistration (62), versions 0-4 (KIP-631, KIP-858, KIP-966): a broker asks the controller to be known.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"

namespace thalweg::broker {
namespace {

Task<Staged<protocol::BrokerRegistrationResponse>> broker_registration(const RequestContext& context,
                                                                       protocol::BrokerRegistrationRequest request) {
  co_return staged_answer_as_controller<protocol::BrokerRegistrationResponse>(context, std::move(request));
}

}  // namespace

extern const Api kBrokerRegistration = serve<&broker_registration>;

}  // namespace thalweg::broker
