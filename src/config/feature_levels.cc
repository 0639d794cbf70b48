#include "config/feature_levels.h"

#include <fmt/format.h>

#include "base/number.h"
#include "config/option.h"

namespace thalweg::config {

Result<FeatureLevels> parse_feature_levels(std::string_view text) {
  FeatureLevels levels;
  for (const auto& entry : split_list(text)) {
    const auto equals = entry.find('=');
    const auto level =
        equals == entry.npos ? std::nullopt : parse_number<std::int16_t>(std::string_view(entry).substr(equals + 1));
    if (equals == 0 || !level || *level < 0)
      return fail(ErrorCode::kInvalidConfig, fmt::format("'{}' is not feature=level", entry));
    if (!levels.emplace(entry.substr(0, equals), *level).second)
      return fail(ErrorCode::kInvalidConfig, fmt::format("'{}' is named twice", entry.substr(0, equals)));
  }
  return levels;
}

}  // namespace thalweg::config
