#include "protocol/codec.h"

#include <fmt/format.h>

namespace thalweg::protocol {

Result<> check_version(std::string_view message, std::int16_t version, std::int16_t min, std::int16_t max) {
  if (version >= min && version <= max) return {};
  return fail(ErrorCode::kUnsupportedVersion,
              fmt::format("{} has versions {} to {}, not {}", message, min, max, version));
}

Result<> check_nothing_lost(std::string_view message, std::int16_t version, std::string_view field) {
  if (field.empty()) return {};
  return fail(ErrorCode::kUnsupportedVersion, fmt::format("{} version {} cannot carry {}", message, version, field));
}

}  // namespace thalweg::protocol
