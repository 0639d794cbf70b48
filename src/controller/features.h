// The features of a cluster: what this release supports, and what a new cluster finalizes. A level is finalized only
// for what is served: clients switch their protocol by it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "metadata/record.h"

namespace thalweg::controller {

struct Feature {
  std::string_view name;
  std::int16_t min;
  std::int16_t max;
  std::int16_t finalized_at_start;  // 0: not finalized
};
std::span<const Feature> supported_features();

// The first records of a new cluster.
std::vector<metadata::Record> bootstrap_records();

}  // namespace thalweg::controller
