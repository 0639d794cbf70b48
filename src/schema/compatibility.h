// The seven levels of compatibility: a new schema against those that are there.
// Source: CompatibilityChecker, SchemaValidatorBuilder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/difference.h"

namespace thalweg::schema {

enum class CompatibilityLevel {
  kNone,
  kBackward,
  kBackwardTransitive,
  kForward,
  kForwardTransitive,
  kFull,
  kFullTransitive
};
// "BACKWARD_TRANSITIVE". Read in any case.
std::string_view name(CompatibilityLevel level);
std::optional<CompatibilityLevel> compatibility_level_named(std::string_view name);
// Whether all earlier schemas count and not the last one alone.
bool is_transitive(CompatibilityLevel level);

struct Earlier {
  ParsedSchemaPtr schema;
  std::int32_t version = 0;
};

// A message for each reason why `fresh` does not fit, then two with the version and the text of the earlier schema;
// none when it fits.
std::vector<std::string> incompatibilities(const ParsedSchema& fresh, const Earlier& earlier, CompatibilityLevel level,
                                           Policy policy);
// The same against several, newest last: looks at the newest first and stops at the first that does not fit; at the
// newest only, unless the level is transitive.
std::vector<std::string> incompatibilities(const ParsedSchema& fresh, const std::vector<Earlier>& earlier,
                                           CompatibilityLevel level, Policy policy);

}  // namespace thalweg::schema
