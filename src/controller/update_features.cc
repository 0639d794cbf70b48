#include "controller/update_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "controller/features.h"

namespace thalweg::controller {
namespace {

using protocol::UpdateFeaturesRequest;
using protocol::UpdateFeaturesResponse;
using Levels = std::map<std::string, std::int16_t>;
using metadata::FeatureRange;
using metadata::kMetadataVersion;

enum class Upgrade : std::int8_t { kUnknown = 0, kUpgrade = 1, kSafeDowngrade = 2, kUnsafeDowngrade = 3 };

// Levels of metadata.version by Kafka's names, from 7 on; with a star where the records of the level before do not say
// all that its own do.
constexpr std::string_view kReleases[] = {"3.3-IV3",  "3.4-IV0*", "3.5-IV0",  "3.5-IV1", "3.5-IV2*", "3.6-IV0",
                                          "3.6-IV1*", "3.6-IV2*", "3.7-IV0*", "3.7-IV1", "3.7-IV2*", "3.7-IV3",
                                          "3.7-IV4",  "3.8-IV0",  "3.9-IV0",  "4.0-IV0", "4.0-IV1*", "4.0-IV2",
                                          "4.0-IV3",  "4.1-IV0",  "4.1-IV1",  "4.2-IV0", "4.2-IV1",  "4.3-IV0*"};
constexpr std::int16_t kFirstRelease = 7;

bool loses_metadata(std::int16_t from, std::int16_t to) {
  return std::any_of(kReleases + (to - kFirstRelease) + 1, kReleases + (from - kFirstRelease) + 1,
                     [](std::string_view name) { return name.ends_with('*'); });
}

Error invalid(const std::string& feature, std::int16_t level, std::string_view why) {
  return {ErrorCode::kInvalidUpdateVersion,
          fmt::format("Invalid update version {} for feature {}. {}", level, feature, why)};
}

std::string shown(FeatureRange range) {
  return range.min == range.max ? std::to_string(range.min) : fmt::format("{}-{}", range.min, range.max);
}

// Who does not speak the level, as a sentence; who does not name the feature speaks 0.
std::string refusal(const std::string& who, FeatureRange range, std::int16_t level) {
  if (range.min <= level && level <= range.max) return {};
  if (range.max == 0) return who + " does not support this feature.";
  return fmt::format("{} only supports versions {}", who, shown(range));
}

FeatureRange own_range(const Options& options, const std::string& feature) {
  const auto supported = supported_features(options.feature_levels_max);
  const auto it = std::ranges::find(supported, feature, &Feature::name);
  return it == supported.end() ? FeatureRange{} : FeatureRange{.min = it->min, .max = it->max};
}

template <class Node>
FeatureRange range_of(const Node& node, const std::string& feature) {
  const auto it = node.features.find(feature);
  return it == node.features.end() ? FeatureRange{} : it->second;
}

std::string not_supported(const metadata::Image& image, const Options& options, const std::string& feature,
                          std::int16_t level) {
  auto why = refusal(fmt::format("Local controller {}", options.self.value), own_range(options, feature), level);
  for (const auto& [id, broker] : image.brokers())
    if (why.empty()) why = refusal(fmt::format("Broker {}", id.value), range_of(broker, feature), level);
  for (const auto& [id, controller] : image.controllers())
    if (why.empty() && id != options.self)
      why = refusal(fmt::format("Controller {}", id.value), range_of(controller, feature), level);
  return why;
}

Result<> check_metadata_version(std::int16_t from, std::int16_t to, Upgrade upgrade) {
  if (to >= from || !loses_metadata(from, to)) return {};
  return fail(ErrorCode::kInvalidUpdateVersion,
              fmt::format("Unsupported metadata.version downgrade from {} to {}. {}", from, to,
                          upgrade == Upgrade::kUnsafeDowngrade
                              ? "Unsafe metadata downgrade is not supported in this version."
                              : "Refusing to perform the requested downgrade because it might delete metadata "
                                "information."));
}

// Without eligible leader replicas an in-sync set is never empty. Where it is, nobody could ever lead again.
Result<> check_elr_end(const metadata::Image& image) {
  std::size_t empty = 0;
  for (const auto& [name, topic] : image.topics())
    empty += static_cast<std::size_t>(
        std::ranges::count_if(topic->partitions, [](const auto& partition) { return partition.isr.empty(); }));
  if (empty == 0) return {};
  return std::unexpected(
      invalid(std::string(kElrFeature), 0,
              fmt::format("{} partition(s) have nobody in sync: start their brokers first.", empty)));
}

Result<> check_update(const metadata::Image& image, const Options& options,
                      const UpdateFeaturesRequest::FeatureUpdateKey& update, Upgrade upgrade) {
  const auto& name = update.feature;
  const auto level = update.max_version_level, now = image.feature(name);
  const auto refuse = [&](std::string_view why) -> Result<> { return std::unexpected(invalid(name, level, why)); };
  if (upgrade < Upgrade::kUpgrade || upgrade > Upgrade::kUnsafeDowngrade)
    return refuse("The controller does not support the given upgrade type.");
  if (level < 0) return refuse("A feature version cannot be less than 0.");
  if (const auto why = not_supported(image, options, name, level); !why.empty()) return refuse(why);
  if (level < now && upgrade == Upgrade::kUpgrade)
    return refuse(
        "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe "
        "downgrade.");
  if (level > now && upgrade != Upgrade::kUpgrade) return refuse("Can't downgrade to a newer version.");
  if (name == kMetadataVersion) return check_metadata_version(now, level, upgrade);
  if (name == kElrFeature && level == 0) return check_elr_end(image);
  return {};
}

// With eligible leader replicas every broker has to mean the same by min.insync.replicas: what single brokers have set
// goes, and the cluster gets a value.
void add_elr_safety(const metadata::Image& image, const Options& options, std::vector<Record>& records) {
  const std::string option = "min.insync.replicas";
  if (!image.configs({metadata::ResourceType::kBroker, ""}).contains(option))
    records.push_back(common_min_insync_replicas(options));
  for (const auto& [resource, set] : image.all_configs()) {
    if (resource.type != metadata::ResourceType::kBroker || resource.name.empty() || !set.contains(option)) continue;
    protocol::ConfigRecord gone;
    gone.resource_type = static_cast<std::int8_t>(resource.type);
    gone.resource_name = resource.name;
    gone.name = option;
    gone.value.reset();
    records.emplace_back(std::move(gone));
  }
}

Upgrade upgrade_of(const UpdateFeaturesRequest::FeatureUpdateKey& update, std::int16_t version) {
  if (version == 0) return update.allow_downgrade ? Upgrade::kSafeDowngrade : Upgrade::kUpgrade;
  return static_cast<Upgrade>(update.upgrade_type);
}

}  // namespace

Decision<UpdateFeaturesResponse> update_features(const metadata::Image& image, const Options& options,
                                                 const UpdateFeaturesRequest& request, std::int16_t version) {
  Decision<UpdateFeaturesResponse> decision;
  auto& reply = decision.reply;
  reply.error_message.reset();
  std::vector<Record> records;
  for (const auto& update : request.feature_updates) {
    if (const auto checked = check_update(image, options, update, upgrade_of(update, version)); !checked) {
      reply.error_code = checked.error().code;
      reply.error_message =
          "The update failed for all features since the following feature had an error: " + checked.error().message;
      return decision;
    }
    if (version <= 1) reply.results.push_back({.feature = update.feature, .error_message = std::nullopt});
    if (update.max_version_level == image.feature(update.feature)) continue;
    if (update.feature == kElrFeature && update.max_version_level > 0) add_elr_safety(image, options, records);
    protocol::FeatureLevelRecord record;
    record.name = update.feature;
    record.feature_level = update.max_version_level;
    records.emplace_back(std::move(record));
  }
  if (!request.validate_only) decision.records = std::move(records);
  return decision;
}

}  // namespace thalweg::controller
