// What a cluster may do: describe_features() and update_features() of cluster.h.
#include <algorithm>

#include "admin/cluster.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

// Versions and features come in one answer; the client asked for the versions when it connected.
Task<Result<FeaturesDescription>> describe_features_once(Client& client, Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  ApiVersionsRequest request;
  request.client_software_name = "thalweg";
  request.client_software_version = "1";
  CO_TRY(const auto response,
         co_await send<ApiVersionsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(response.error_code));
  FeaturesDescription described;
  for (const auto& supported : response.supported_features) {
    const auto finalized =
        std::ranges::find(response.finalized_features, supported.name, &ApiVersionsResponse::FinalizedFeatureKey::name);
    const bool is_finalized = finalized != response.finalized_features.end();
    described.features.push_back({supported.name, supported.min_version, supported.max_version,
                                  is_finalized ? finalized->max_version_level : std::int16_t{0}});
  }
  std::ranges::sort(described.features, {}, &FeatureDescription::name);
  if (response.finalized_features_epoch >= 0) described.epoch = response.finalized_features_epoch;
  co_return described;
}

Task<Result<>> update_features_once(Client& client, UpdateFeaturesRequest request, Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  CO_TRY(const auto response,
         co_await send<UpdateFeaturesResponse>(channel, std::move(request), client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_of(response.error_code, response.error_message));
  for (const auto& result : response.results)
    if (result.error_code != ErrorCode::kNone)
      co_return std::unexpected(error_of(result.error_code, result.error_message));
  co_return Result<>();
}

}  // namespace

Task<Result<FeaturesDescription>> describe_features(Client& client) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto described = co_await describe_features_once(client, deadline);
    if (described || !co_await retry.again(described.error())) co_return described;
  }
}

Task<Result<>> update_features(Client& client, std::map<std::string, std::int16_t> levels, FeatureChange change,
                               bool validate_only) {
  UpdateFeaturesRequest request;
  for (const auto& [name, level] : levels) {
    auto& update = request.feature_updates.emplace_back();
    update.feature = name;
    update.max_version_level = level;
    update.upgrade_type = static_cast<std::int8_t>(change);
  }
  request.validate_only = validate_only;
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto done = co_await update_features_once(client, request, deadline);
    if (done || !co_await retry.again(done.error())) co_return done;
  }
}

}  // namespace thalweg::admin
