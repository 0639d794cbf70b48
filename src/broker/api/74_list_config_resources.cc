// ListConfigResources (74), versions 0-1 (KIP-1000, KIP-1142): what DescribeConfigs may be asked about. Topics and
// brokers are there by themselves, groups and client metrics when something is set for them. Version 0 knows client
// metrics only.
#include <algorithm>
#include <set>
#include <string>

#include "broker/api/api.h"
#include "metadata/image.h"
#include "protocol/list_config_resources_request.h"
#include "protocol/list_config_resources_response.h"

namespace thalweg::broker {
namespace {

using metadata::Image;
using metadata::ResourceType;
using protocol::ListConfigResourcesResponse;

constexpr ResourceType kListed[] = {ResourceType::kTopic, ResourceType::kBroker, ResourceType::kBrokerLogger,
                                    ResourceType::kClientMetrics, ResourceType::kGroup};

std::set<ResourceType> types_wanted(const RequestContext& context,
                                    const protocol::ListConfigResourcesRequest& request) {
  if (context.version == 0) return {ResourceType::kClientMetrics};
  if (request.resource_types.empty()) return {std::begin(kListed), std::end(kListed)};
  std::set<ResourceType> types;
  for (const auto type : request.resource_types) types.insert(static_cast<ResourceType>(type));
  return types;
}

std::vector<std::string> names_of(const Image& image, ResourceType type) {
  std::vector<std::string> names;
  if (type == ResourceType::kTopic)
    for (const auto& [name, topic] : image.topics()) names.push_back(name);
  if (type == ResourceType::kBroker || type == ResourceType::kBrokerLogger)
    for (const auto& [id, broker] : image.brokers())
      if (!broker.fenced) names.push_back(std::to_string(id.value));
  if (type == ResourceType::kClientMetrics || type == ResourceType::kGroup)
    for (const auto& [resource, properties] : image.all_configs())
      if (resource.type == type) names.push_back(resource.name);
  return names;
}

Task<ListConfigResourcesResponse> list_config_resources(const RequestContext& context,
                                                        protocol::ListConfigResourcesRequest request) {
  ListConfigResourcesResponse response;
  const auto types = types_wanted(context, request);
  for (const auto type : types)
    if (std::ranges::find(kListed, type) == std::end(kListed)) {
      response.error_code = ErrorCode::kUnsupportedVersion;
      co_return response;
    }
  for (const auto type : types)
    for (auto& name : names_of(*context.image, type)) {
      auto& out = response.config_resources.emplace_back();
      out.resource_name = std::move(name);
      out.resource_type = static_cast<std::int8_t>(type);
    }
  co_return response;
}

}  // namespace

extern const Api kListConfigResources = serve<&list_config_resources>;

}  // namespace thalweg::broker
