// kafka-features: what a cluster may do, and the levels that it has agreed on.
#include <fmt/format.h>

#include <algorithm>

#include "admin/cluster.h"
#include "base/number.h"
#include "cli/java_errors.h"
#include "cli/metadata_version.h"
#include "cli/subcommand_tool.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kFeatureCommands = "describe upgrade downgrade disable";

std::string misuse_of_features(const std::string& command, const Options& options) {
  if (command == "disable" && options.has("metadata")) return "unrecognized arguments: '--metadata'";
  if (command != "downgrade" && command != "disable" && options.has("unsafe"))
    return "unrecognized arguments: '--unsafe'";
  return misuse_of_bootstrap(options);
}

std::string level_text(const std::string& feature, std::int16_t level) {
  return feature == kMetadataVersion ? metadata_version_name(level) : std::to_string(level);
}

Task<Result<>> describe_features(Errand errand) {
  CO_TRY(const auto described, co_await admin::describe_features(errand.client));
  const std::string epoch = described.epoch ? std::to_string(*described.epoch) : "-";
  for (const auto& f : described.features)
    errand.terminal().out(fmt::format(
        "Feature: {:<42}SupportedMinVersion: {:<17}SupportedMaxVersion: {:<17}FinalizedVersionLevel: {:<17}Epoch: {}\n",
        f.name, level_text(f.name, f.min), level_text(f.name, f.max), level_text(f.name, f.finalized), epoch));
  co_return Result<>();
}

using Levels = std::map<std::string, std::int16_t>;

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

// "metadata.version=5"
Result<std::pair<std::string, std::int16_t>> parse_level(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == text.npos)
    return invalid(fmt::format("Can't parse feature=level string {}: equals sign not found.", text));
  const std::string level = trimmed(text.substr(equals + 1));
  const auto number = parse_number<std::int16_t>(level);
  if (!number)
    return invalid(fmt::format("Can't parse feature=level string {}: unable to parse {} as a short.", text, level));
  return std::pair(trimmed(text.substr(0, equals)), *number);
}

Result<Levels> levels_of(const Errand& errand) {
  const Options& options = errand.options;
  Levels levels;
  if (const auto version = options.value("metadata")) {
    const auto level = metadata_version_level(*version);
    if (!level)
      return invalid(fmt::format("Unsupported metadata.version {}. Supported metadata.version are {}", *version,
                                 metadata_version_names()));
    levels[std::string(kMetadataVersion)] = *level;
  }
  for (const auto& text : options.values("feature")) {
    std::pair<std::string, std::int16_t> given(text, 0);
    if (errand.command != "disable") {
      TRY(given, parse_level(text));
    }
    if (!levels.insert(given).second)
      return invalid(fmt::format("Feature {} was specified more than once.", given.first));
  }
  if (levels.empty()) return invalid("You must specify at least one feature to " + errand.command);
  return levels;
}

Task<Result<>> change_features(Errand errand) {
  if (errand.options.has("release-version"))
    co_return invalid(
        "--release-version is not there yet; name each feature with --feature, as kafka-features describe "
        "lists them");
  CO_TRY(const auto levels, levels_of(errand));
  const bool dry = errand.options.has("dry-run"), disable = errand.command == "disable";
  const auto change = errand.command == "upgrade"    ? admin::FeatureChange::kUpgrade
                      : errand.options.has("unsafe") ? admin::FeatureChange::kUnsafeDowngrade
                                                     : admin::FeatureChange::kSafeDowngrade;
  const auto done = co_await admin::update_features(errand.client, levels, change, dry);
  for (const auto& [name, level] : levels) {
    const std::string what = disable ? "disable " + name : fmt::format("{} {} to {}", errand.command, name, level);
    const std::string became = disable ? "disabled." : fmt::format("{}d to {}.", errand.command, level);
    if (done)
      errand.terminal().out(fmt::format("{} {} {}\n", name, dry ? "can be" : "was", became));
    else
      errand.terminal().out(fmt::format("{} {}. {}\n", dry ? "Can not" : "Could not", what, kafka_text(done.error())));
  }
  if (done) co_return Result<>();
  co_return invalid(fmt::format("{} out of {} operation(s) failed.", levels.size(), levels.size()));
}

Task<Result<>> run_features(Errand errand) {
  if (errand.command == "describe") co_return co_await describe_features(errand);
  co_return co_await change_features(errand);
}

}  // namespace

OptionParser kafka_features_options() {
  OptionParser p;
  declare_bootstrap(p);
  p.values("feature", "feature=level", "A feature and its level, or with disable the feature alone; may be repeated.");
  p.value("metadata", "VERSION", "The level of metadata.version, like 4.3-IV0.");
  p.value("release-version", "VERSION", "Not there yet.").alias("r", "release-version");
  p.flag("unsafe", "With downgrade and disable: also when metadata may be lost.");
  p.flag("dry-run", "Only says whether it could be done.");
  return p;
}

Task<int> kafka_features(Context context, Arguments arguments) {
  co_return co_await run_subcommand_tool(context, std::move(arguments),
                                         {"kafka-features", "This tool manages feature flags in Kafka.",
                                          kFeatureCommands, kafka_features_options, misuse_of_features, run_features});
}

}  // namespace thalweg::cli
