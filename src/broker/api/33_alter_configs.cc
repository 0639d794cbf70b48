// AlterConfigs (33), versions 0-2: all settings of a resource are replaced (KIP-133). The controller validates and
// decides.
#include "broker/api/forward.h"
#include "broker/api/handlers.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"

namespace thalweg::broker {

Task<protocol::AlterConfigsResponse> alter_configs(const RequestContext& context,
                                                   protocol::AlterConfigsRequest request) {
  protocol::AlterConfigsResponse refused;
  for (const auto& resource : request.resources) {
    auto& out = refused.responses.emplace_back();
    out.resource_type = resource.resource_type;
    out.resource_name = resource.resource_name;
  }
  auto response = co_await forward<protocol::AlterConfigsResponse>(context, std::move(request));
  if (response) co_return std::move(*response);
  for (auto& resource : refused.responses) {
    resource.error_code = response.error().code;
    resource.error_message = response.error().message;
  }
  co_return refused;
}

}  // namespace thalweg::broker
