#include "controller/features.h"

#include <string>

namespace thalweg::controller {
namespace {

// metadata.version counts Kafka's metadata releases: 7 is 3.3-IV3, 30 is 4.3-IV0. Group protocol 1 (KIP-848),
// transactions 1 and 2 (KIP-890), share and streams groups get a row when they are served: clients switch to what they
// see here.
constexpr Feature kFeatures[] = {
    {"metadata.version", 7, 30, 30},
};

}  // namespace

std::span<const Feature> supported_features() { return kFeatures; }

std::vector<metadata::Record> bootstrap_records() {
  std::vector<metadata::Record> records;
  for (const auto& feature : kFeatures) {
    if (feature.finalized_at_start == 0) continue;
    protocol::FeatureLevelRecord record;
    record.name = feature.name;
    record.feature_level = feature.finalized_at_start;
    records.emplace_back(std::move(record));
  }
  return records;
}

}  // namespace thalweg::controller
