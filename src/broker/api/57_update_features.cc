// UpdateFeatures (57), versions 0-2 (KIP-584, KIP-1022): the controller decides; the answer waits until the levels are
// in force.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/audit.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::UpdateFeaturesResponse> update_features(const RequestContext& context,
                                                       protocol::UpdateFeaturesRequest request) {
  std::vector<std::pair<std::string, std::int16_t>> wanted;
  if (!request.validate_only)
    for (const auto& update : request.feature_updates) wanted.emplace_back(update.feature, update.max_version_level);
  auto response = co_await forward<protocol::UpdateFeaturesResponse>(context, std::move(request));
  if (response) {
    if (response->error_code == ErrorCode::kNone)
      for (const auto& [feature, level] : wanted)
        log::info("feature finalized", field("feature", feature), field("level", level), by(context));
    co_return std::move(*response);
  }
  protocol::UpdateFeaturesResponse refused;
  refused.error_code = response.error().code;
  refused.error_message = response.error().message;
  co_return refused;
}

}  // namespace

extern const Api kUpdateFeatures = serve<&update_features>;

}  // namespace thalweg::broker
