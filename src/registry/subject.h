// The name of a subject within its context: ":.ctx:name", or "name" in the default context ".". Ids count for
// themselves in every context. Source: QualifiedSubject.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::registry {

inline constexpr std::string_view kDefaultContext = ".";
// The subject whose configuration and mode count for all contexts that say nothing themselves.
inline constexpr std::string_view kGlobalSubject = ":.__GLOBAL:";

struct Subject {
  std::string context{kDefaultContext};
  std::string name;  // may be empty: a context as a whole

  static Subject parse(std::string_view text);
  // As clients and records write it; ":.:" is never written.
  std::string text() const;
  bool in_default_context() const { return context == kDefaultContext; }
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

// Whether it may be the name of something that is registered.
bool is_valid_name(std::string_view subject);

// What a listing is asked for: ":*:" everywhere, ":.ctx:" or ":.ctx:pre" in one context, "pre" in the default one.
struct SubjectPrefix {
  bool everywhere = false;
  Subject prefix;
  static SubjectPrefix parse(std::string_view text);
  bool matches(const Subject& subject) const;
};

}  // namespace thalweg::registry
