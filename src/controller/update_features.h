// Raising and lowering the levels at which a cluster's features are finalized (KIP-584, KIP-1022).
#pragma once

#include <cstdint>

#include "controller/decision.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::controller {

// All updates or none: this release, every registered broker and every controller have to speak the levels, and nothing
// may be lost by a lower one. INVALID_UPDATE_VERSION says who does not, or what would be.
Decision<protocol::UpdateFeaturesResponse> update_features(const metadata::Image& image, const Options& options,
                                                           const protocol::UpdateFeaturesRequest& request,
                                                           std::int16_t version);

}  // namespace thalweg::controller
