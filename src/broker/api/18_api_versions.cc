// ApiVersions (18), versions 0-5. KIP-35, KIP-511, KIP-584, KIP-1022; version 5: KIP-1242.
#include <algorithm>
#include <cctype>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "controller/features.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"

namespace thalweg::broker {
namespace {

// Letters and digits at both ends, letters, digits, '-' and '.' between (KIP-511).
bool is_software_name(const std::string& text) {
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !text.empty() && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return alphanumeric(c) || c == '-' || c == '.'; });
}

protocol::ApiVersionsResponse::ApiVersion range_of(const Api& api) {
  protocol::ApiVersionsResponse::ApiVersion range;
  range.api_key = static_cast<std::int16_t>(api.key);
  range.min_version = api.min_version();
  range.max_version = api.max_version();
  return range;
}

void add_features(const RequestContext& context, protocol::ApiVersionsResponse& response) {
  for (const auto& supported : controller::supported_features(context.here.broker.config().feature_levels_max)) {
    if (context.version <= 3 && supported.min == 0) continue;  // older clients refuse a minimum of 0 (KAFKA-17011)
    protocol::ApiVersionsResponse::SupportedFeatureKey key;
    key.name = supported.name;
    key.min_version = supported.min;
    key.max_version = supported.max;
    response.supported_features.push_back(std::move(key));
  }
  response.finalized_features_epoch = context.image->index();
  for (const auto& [name, level] : context.image->features()) {
    if (level == 0) continue;
    protocol::ApiVersionsResponse::FinalizedFeatureKey key;
    key.name = name;
    key.max_version_level = key.min_version_level = level;
    response.finalized_features.push_back(std::move(key));
  }
}

Task<protocol::ApiVersionsResponse> api_versions(const RequestContext& context, protocol::ApiVersionsRequest request) {
  protocol::ApiVersionsResponse response;
  if (context.version >= 3 &&
      !(is_software_name(request.client_software_name) && is_software_name(request.client_software_version))) {
    response.error_code = ErrorCode::kInvalidRequest;
    co_return response;
  }
  if (context.version >= 5) {
    const bool other_cluster = request.cluster_id && *request.cluster_id != context.image->cluster_id();
    const bool other_node = request.node_id >= BrokerId{0} && request.node_id != context.here.broker.config().node_id;
    if (other_cluster || other_node) response.error_code = ErrorCode::kRebootstrapRequired;
  }
  for (const Api* api : served_apis())
    if (context.connection->role.advertises(api->key)) response.api_keys.push_back(range_of(*api));
  add_features(context, response);
  co_return response;
}

}  // namespace

extern const Api kApiVersions = serve<&api_versions>;

protocol::ApiVersionsResponse unsupported_api_versions() {
  protocol::ApiVersionsResponse response;
  response.error_code = ErrorCode::kUnsupportedVersion;
  response.api_keys.push_back(range_of(*find_served(protocol::ApiKey::kApiVersions)));
  return response;
}

}  // namespace thalweg::broker
