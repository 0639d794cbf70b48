// Raising and lowering the levels that a cluster's features are finalized at (KIP-584, KIP-1022). All or nothing: the
// first update that is refused refuses the request.
#pragma once

#include <cstdint>

#include "controller/decision.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::controller {

// Refused with kInvalidUpdateVersion: a feature that this controller or a registered broker does not know at the level;
// a lower level that is not asked for as a downgrade, a higher one that is. And what could lose something: a lower
// metadata.version, and giving up eligible leader replicas.
Decision<protocol::UpdateFeaturesResponse> update_features(const metadata::Image& image, const Options& options,
                                                           const protocol::UpdateFeaturesRequest& request,
                                                           std::int16_t version);

}  // namespace thalweg::controller
