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
  protocol::IncrementalAlterConfigsResponse refused;
  for (const auto& resource : request.resources) {
    auto& out = refused.responses.emplace_back();
    out.resource_type = resource.resource_type;
    out.resource_name = resource.resource_name;
  }
  auto response = co_await forward<protocol::IncrementalAlterConfigsResponse>(context, std::move(request));
  if (response) co_return std::move(*response);
  for (auto& resource : refused.responses) {
    resource.error_code = response.error().code;
    resource.error_message = response.error().message;
  }
  co_return refused;
}

}  // namespace thalweg::broker
