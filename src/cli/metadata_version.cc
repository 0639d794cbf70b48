#include "cli/metadata_version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>
#include <ranges>

namespace thalweg::cli {
namespace {

// Level 7 and the following. (Source: org.apache.kafka.server.common.MetadataVersion)
constexpr std::int16_t kFirstLevel = 7;
constexpr std::string_view kLevels[] = {"3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0",
                                        "3.6-IV1", "3.6-IV2", "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3",
                                        "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2",
                                        "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0"};
static_assert(kFirstLevel + std::size(kLevels) - 1 == 30);

}  // namespace

std::string metadata_version_name(std::int16_t level) {
  if (level == 0) return "0";
  const auto index = static_cast<std::size_t>(level - kFirstLevel);
  return level >= kFirstLevel && index < std::size(kLevels) ? std::string(kLevels[index])
                                                            : fmt::format("UNKNOWN {}", level);
}

std::optional<std::int16_t> metadata_version_level(std::string_view name) {
  std::optional<std::int16_t> found;
  for (std::size_t i = 0; i < std::size(kLevels); ++i)
    if (kLevels[i] == name || kLevels[i].substr(0, kLevels[i].find('-')) == name)
      found = static_cast<std::int16_t>(kFirstLevel + static_cast<std::int16_t>(i));
  return found;
}

std::string metadata_version_names() { return fmt::format("{}", fmt::join(kLevels, ", ")); }

}  // namespace thalweg::cli
