// Levels of features as they are written in options and on command lines: "metadata.version=29,thalweg.version=0".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thalweg::config {

using FeatureLevels = std::map<std::string, std::int16_t>;

// kInvalidConfig names the entry that is not NAME=LEVEL, with a level of 0 and more, or that comes twice.
Result<FeatureLevels> parse_feature_levels(std::string_view text);

}  // namespace thalweg::config
