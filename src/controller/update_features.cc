#include "controller/update_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "controller/features.h"

namespace thalweg::controller {
namespace {

using protocol::UpdateFeaturesRequest;
using protocol::UpdateFeaturesResponse;

constexpr std::string_view kMetadataVersion = "metadata.version";
constexpr std::string_view kAllFailed = "The update failed for all features since the following feature had an error: ";

enum class Upgrade : std::int8_t { kUnknown = 0, kUpgrade = 1, kSafeDowngrade = 2, kUnsafeDowngrade = 3 };

Upgrade kind_of(const UpdateFeaturesRequest::FeatureUpdateKey& update, std::int16_t version) {
  if (version == 0) return update.allow_downgrade ? Upgrade::kSafeDowngrade : Upgrade::kUpgrade;
  if (update.upgrade_type < 1 || update.upgrade_type > 3) return Upgrade::kUnknown;
  return static_cast<Upgrade>(update.upgrade_type);
}

std::string range_message(const std::string& who, int min, int max) {
  if (max == 0) return who + " does not support this feature.";
  return fmt::format("{} only supports versions {}-{}", who, min, max);
}

// Who does not speak the level. Level 0 is "not finalized", which everybody speaks of whom nothing is heard.
std::optional<std::string> not_supported(const metadata::Image& image, BrokerId self, const std::string& name,
                                         std::int16_t level) {
  const auto supported = supported_features();
  const auto own = std::ranges::find(supported, name, &Feature::name);
  const std::string here = "Local controller " + to_string(self);
  if (own == supported.end()) return here + " does not support this feature.";
  if (level < own->min || level > own->max) return range_message(here, own->min, own->max);
  for (const auto& [id, broker] : image.brokers()) {
    const auto theirs = broker.features.find(name);
    const int min = theirs == broker.features.end() ? 0 : theirs->second.min;
    const int max = theirs == broker.features.end() ? 0 : theirs->second.max;
    if (level < min || level > max) return range_message("Broker " + to_string(id), min, max);
  }
  return std::nullopt;
}

// Why the update is refused; nothing when it is not.
std::optional<std::string> refusal(const metadata::Image& image, const Options& options,
                                   const UpdateFeaturesRequest::FeatureUpdateKey& update, Upgrade kind) {
  const std::int16_t level = update.max_version_level, current = image.feature(update.feature);
  const auto invalid = [&](const std::string& why) {
    return fmt::format("Invalid update version {} for feature {}. {}", level, update.feature, why);
  };
  if (kind == Upgrade::kUnknown) return invalid("The controller does not support the given upgrade type.");
  if (level < 0) return invalid("A feature version cannot be less than 0.");
  if (const auto why = not_supported(image, options.self, update.feature, level)) return invalid(*why);
  if (level > current && kind != Upgrade::kUpgrade) return invalid("Can't downgrade to a newer version.");
  if (level >= current) return std::nullopt;
  if (kind == Upgrade::kUpgrade)
    return invalid(
        "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe "
        "downgrade.");
  if (update.feature == kMetadataVersion)
    return fmt::format("Invalid metadata.version {}. {}", level,
                       kind == Upgrade::kUnsafeDowngrade
                           ? "Unsafe metadata downgrade is not supported in this version."
                           : "Refusing to perform the requested downgrade because it might delete metadata "
                             "information.");
  if (update.feature == kElrFeature)
    return invalid("Partitions may have eligible leader replicas, which would count on without their rules.");
  return std::nullopt;
}

}  // namespace

Decision<UpdateFeaturesResponse> update_features(const metadata::Image& image, const Options& options,
                                                 const UpdateFeaturesRequest& request, std::int16_t version) {
  Decision<UpdateFeaturesResponse> decision;
  auto& reply = decision.reply;
  reply.error_message.reset();
  for (const auto& update : request.feature_updates) {
    if (const auto why = refusal(image, options, update, kind_of(update, version))) {
      decision.records.clear();
      reply.results.clear();
      reply.error_code = ErrorCode::kInvalidUpdateVersion;
      reply.error_message = std::string(kAllFailed) + *why;
      return decision;
    }
    auto& result = reply.results.emplace_back();
    result.feature = update.feature;
    result.error_message.reset();
    if (request.validate_only || update.max_version_level == image.feature(update.feature)) continue;
    protocol::FeatureLevelRecord record;
    record.name = update.feature;
    record.feature_level = update.max_version_level;
    decision.records.emplace_back(std::move(record));
    // Who is eligible is counted by what all brokers have in common.
    const bool counted = image.configs({metadata::ResourceType::kBroker, ""}).contains("min.insync.replicas");
    if (update.feature == kElrFeature && !counted) decision.records.push_back(common_min_insync_replicas(options));
  }
  return decision;
}

}  // namespace thalweg::controller
