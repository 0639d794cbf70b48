// UnregisterBroker (64), version 0 (KIP-631): the controller forgets a broker that is gone for good. One that is not
// registers again at its next start. Of one that is at work and has replicas it is refused (controller/brokers.h).
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/audit.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::UnregisterBrokerResponse> unregister_broker(const RequestContext& context,
                                                           protocol::UnregisterBrokerRequest request) {
  const BrokerId broker_id = request.broker_id;
  auto response = co_await forward<protocol::UnregisterBrokerResponse>(context, std::move(request));
  if (response) {
    if (response->error_code == ErrorCode::kNone)
      log::info("broker unregistered", field("broker", broker_id), by(context));
    co_return std::move(*response);
  }
  protocol::UnregisterBrokerResponse refused;
  refused.error_code = response.error().code;
  refused.error_message = response.error().message;
  co_return refused;
}

}  // namespace

extern const Api kUnregisterBroker = serve<&unregister_broker>;

}  // namespace thalweg::broker
