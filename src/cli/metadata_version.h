// The levels of metadata.version by the names of Kafka's releases.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::cli {

inline constexpr std::string_view kMetadataVersion = "metadata.version";

// 30 -> "4.3-IV0"; "UNKNOWN 99" as Kafka's tools say it.
std::string metadata_version_name(std::int16_t level);
// "4.3-IV0" -> 30; a release without -IV means its last level.
std::optional<std::int16_t> metadata_version_level(std::string_view name);
// All, from the oldest.
std::string metadata_version_names();

}  // namespace thalweg::cli
