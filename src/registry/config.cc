#include "registry/config.h"

#include <algorithm>
#include <array>

namespace thalweg::registry {
namespace {
constexpr std::array<std::string_view, 5> kModes = {"READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD"};

template <class T>
void fill(std::optional<T>& own, const std::optional<T>& outer) {
  if (!own) own = outer;
}
}  // namespace

Config filled(Config own, const Config& outer) {
  fill(own.normalize, outer.normalize);
  fill(own.validate_fields, outer.validate_fields);
  fill(own.validate_new_schemas, outer.validate_new_schemas);
  fill(own.validate_rules, outer.validate_rules);
  fill(own.level, outer.level);
  fill(own.policy, outer.policy);
  fill(own.group, outer.group);
  fill(own.default_metadata, outer.default_metadata);
  fill(own.override_metadata, outer.override_metadata);
  fill(own.default_rules, outer.default_rules);
  fill(own.override_rules, outer.override_rules);
  return own;
}

std::string_view name(Mode mode) { return kModes[static_cast<std::size_t>(mode)]; }

std::optional<Mode> mode_named(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  const auto at = std::ranges::find(kModes, upper);
  if (at == kModes.end()) return std::nullopt;
  return static_cast<Mode>(at - kModes.begin());
}

}  // namespace thalweg::registry
