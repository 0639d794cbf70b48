// IncrementalAlterConfigs (44), versions 0-1 (KIP-339). The controller validates and decides.
#include "broker/api/forward.h"
#include "broker/api/handlers.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::broker {

Task<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const RequestContext& context, protocol::IncrementalAlterConfigsRequest request) {
  return forward_alteration<protocol::IncrementalAlterConfigsResponse>(context, std::move(request));
}

}  // namespace thalweg::broker
