// The features of a cluster: what this release supports, and what a new cluster finalizes. A level is finalized only
// for what is served: clients switch their protocol by it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "config/feature_levels.h"
#include "controller/decision.h"
#include "metadata/image.h"
#include "metadata/record.h"

namespace thalweg::controller {

struct Feature {
  std::string_view name;
  std::int16_t min;
  std::int16_t max;
  std::int16_t finalized_at_start;  // 0: not finalized
};
// `levels_max`: where this node stands for one of an older release (thalweg.feature.levels.max).
std::vector<Feature> supported_features(const config::FeatureLevels& levels_max = {});
// kInvalidConfig for what is no feature, or below its lowest level.
Result<> check_levels_max(const config::FeatureLevels& levels_max);
// kUnsupportedVersion says which finalized feature is at a level that `supported` does not have, and what to do.
Result<> check_finalized(const metadata::FeaturesSection& finalized, std::span<const Feature> supported);

// Who left the in-sync set while it was too small to acknowledge may lead without loss (KIP-966).
inline constexpr std::string_view kElrFeature = "eligible.leader.replicas.version";
// What only Thalweg's brokers do. Level 1: brokers report each 160 ms (at most broker.heartbeat.interval.ms), tell with
// PreviousBrokerEpoch when they have lost nothing, and are fenced after thalweg.broker.silence.ms, or as soon as their
// process is known to be gone. At level 0 everybody has a whole session, as in Kafka.
inline constexpr std::string_view kThalwegFeature = "thalweg.version";

// min.insync.replicas for all brokers, as `options` has it.
metadata::Record common_min_insync_replicas(const Options& options);

// The first records of a new cluster: its features, and min.insync.replicas for all brokers as `options` has it. The
// controller counts by it who is eligible to lead, so every broker has to mean the same.
std::vector<metadata::Record> bootstrap_records(const Options& options);

}  // namespace thalweg::controller
