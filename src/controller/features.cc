#include "controller/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace thalweg::controller {
namespace {

// metadata.version counts Kafka's metadata releases: 7 is 3.3-IV3, 30 is 4.3-IV0. Group protocol 1 (KIP-848), share and
// streams groups get a row when they are served: clients switch to what they see here.
constexpr Feature kFeatures[] = {
    {metadata::kMetadataVersion, 7, metadata::kLatestMetadataVersion, metadata::kLatestMetadataVersion},
    {kElrFeature, 0, 1, 1},
    {metadata::kTransactionVersion, 0, 2, 2},
    {kThalwegFeature, 0, 1, 1},
};

}  // namespace

std::vector<Feature> supported_features(const config::FeatureLevels& levels_max) {
  std::vector<Feature> features(std::begin(kFeatures), std::end(kFeatures));
  for (auto& feature : features) {
    const auto limit = levels_max.find(std::string(feature.name));
    if (limit == levels_max.end()) continue;
    feature.max = std::clamp(limit->second, feature.min, feature.max);
    feature.finalized_at_start = std::min(feature.finalized_at_start, feature.max);
  }
  return features;
}

Result<> check_levels_max(const config::FeatureLevels& levels_max) {
  for (const auto& [name, level] : levels_max) {
    const auto* const known = std::ranges::find(kFeatures, name, &Feature::name);
    if (known == std::end(kFeatures))
      return fail(ErrorCode::kInvalidConfig, fmt::format("thalweg.feature.levels.max: {} is no feature", name));
    if (level < known->min)
      return fail(ErrorCode::kInvalidConfig,
                  fmt::format("thalweg.feature.levels.max: {} begins with level {}", name, known->min));
  }
  return {};
}

Result<> check_finalized(const metadata::FeaturesSection& finalized, std::span<const Feature> supported) {
  for (const auto& [name, level] : finalized) {
    const auto known = std::ranges::find(supported, name, &Feature::name);
    const std::int16_t min = known == supported.end() ? 0 : known->min, max = known == supported.end() ? 0 : known->max;
    if (level >= min && level <= max) continue;
    return fail(ErrorCode::kUnsupportedVersion,
                fmt::format("the cluster has {} at level {}, and this node speaks {} to {}: it is of {} release. Start "
                            "the release that the other nodes run",
                            name, level, min, max, level > max ? "an older" : "a later"));
  }
  return {};
}

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
  for (const auto& feature : supported_features(options.feature_levels_max)) {
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
