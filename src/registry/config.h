// What can be set for a subject, a context or all of them. Absent members are decided further up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/content.h"
#include "schema/compatibility.h"

namespace thalweg::registry {

struct Config {
  std::optional<std::string> alias, alias_for_deks;
  std::optional<bool> normalize, validate_fields, validate_new_schemas, validate_rules;
  std::optional<schema::CompatibilityLevel> level;
  std::optional<std::string> policy;  // "STRICT", "LENIENT", "LOGICAL"
  std::optional<std::string> group;   // only versions are compared whose property of this name is equal
  std::optional<Metadata> default_metadata, override_metadata;
  std::optional<RuleSet> default_rules, override_rules;
  friend bool operator==(const Config&, const Config&) = default;
};

// `own` with what it lacks from `outer`. An alias is nobody else's.
Config filled(Config own, const Config& outer);

enum class Mode { kReadWrite, kReadOnly, kReadOnlyOverride, kImport, kForward };
// "READWRITE". Read in any case.
std::string_view name(Mode mode);
std::optional<Mode> mode_named(std::string_view name);

}  // namespace thalweg::registry
