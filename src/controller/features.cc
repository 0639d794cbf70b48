#include "controller/features.h"

#include <string>

namespace thalweg::controller {
namespace {

// metadata.version counts Kafka's metadata releases: 7 is 3.3-IV3, 30 is 4.3-IV0. Group protocol 1 (KIP-848),
// transactions 1 and 2 (KIP-890), share and streams groups get a row when they are served: clients switch to what they
// see here.
constexpr Feature kFeatures[] = {
    {"metadata.version", 7, 30, 30},
    {kElrFeature, 0, 1, 1},
    {kThalwegFeature, 0, 1, 1},
};

}  // namespace

std::span<const Feature> supported_features() { return kFeatures; }

metadata::Record common_min_insync_replicas(const Options& options) {
  const auto own = options.static_configs.find("min.insync.replicas");
  protocol::ConfigRecord record;
  record.resource_type = static_cast<std::int8_t>(metadata::ResourceType::kBroker);
  record.name = "min.insync.replicas";
  record.value = own == options.static_configs.end() ? "1" : own->second;
  return record;
}

std::vector<metadata::Record> bootstrap_records(const Options& options) {
  std::vector<metadata::Record> records;
  for (const auto& feature : kFeatures) {
    if (feature.finalized_at_start == 0) continue;
    protocol::FeatureLevelRecord record;
    record.name = feature.name;
    record.feature_level = feature.finalized_at_start;
    records.emplace_back(std::move(record));
  }
  records.push_back(common_min_insync_replicas(options));
  return records;
}

}  // namespace thalweg::controller
