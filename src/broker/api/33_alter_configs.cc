// AlterConfigs (33), versions 0-2: all settings of a resource are replaced (KIP-133). The controller validates and
// decides.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::AlterConfigsResponse> alter_configs(const RequestContext& context,
                                                   protocol::AlterConfigsRequest request) {
  return forward_alteration<protocol::AlterConfigsResponse>(context, std::move(request));
}

}  // namespace

extern const Api kAlterConfigs = serve<&alter_configs>;

}  // namespace thalweg::broker
