// IncrementalAlterConfigs (44), versions 0-1 (KIP-339). The controller validates and decides, but for loggers
// (KIP-412): those are this broker's own.
#include <algorithm>
#include <iterator>

#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/loggers.h"
#include "metadata/image.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::broker {
namespace {

using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;

bool is_for_controller(const IncrementalAlterConfigsRequest::AlterConfigsResource& resource) {
  return static_cast<metadata::ResourceType>(resource.resource_type) != metadata::ResourceType::kBrokerLogger;
}

IncrementalAlterConfigsResponse::AlterConfigsResourceResponse alter_here(
    const RequestContext& context, const IncrementalAlterConfigsRequest::AlterConfigsResource& resource,
    bool validate_only) {
  IncrementalAlterConfigsResponse::AlterConfigsResourceResponse out;
  out.resource_type = resource.resource_type;
  out.resource_name = resource.resource_name;
  out.error_message.reset();
  if (const auto done = alter_loggers(resource, context.here.broker.config().node_id, validate_only); !done) {
    out.error_code = done.error().code;
    out.error_message = done.error().message;
  }
  return out;
}

Task<IncrementalAlterConfigsResponse> incremental_alter_configs(const RequestContext& context,
                                                                IncrementalAlterConfigsRequest request) {
  const bool validate_only = request.validate_only;
  auto& resources = request.resources;
  const auto first_here = std::ranges::stable_partition(resources, is_for_controller).begin();
  const std::vector here(std::make_move_iterator(first_here), std::make_move_iterator(resources.end()));
  resources.erase(first_here, resources.end());
  IncrementalAlterConfigsResponse response;
  if (!resources.empty())
    response = co_await forward_alteration<IncrementalAlterConfigsResponse>(context, std::move(request));
  for (const auto& resource : here) response.responses.push_back(alter_here(context, resource, validate_only));
  co_return response;
}

}  // namespace

extern const Api kIncrementalAlterConfigs = serve<&incremental_alter_configs>;

}  // namespace thalweg::broker
