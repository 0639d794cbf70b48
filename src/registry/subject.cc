#include "registry/subject.h"

#include <algorithm>

namespace thalweg::registry {

Subject Subject::parse(std::string_view text) {
  if (text.starts_with(":.")) {
    const auto end = text.find(':', 1);
    if (end != std::string_view::npos) return {std::string(text.substr(1, end - 1)), std::string(text.substr(end + 1))};
    return {std::string(text.substr(1)), ""};
  }
  return {std::string(kDefaultContext), std::string(text)};
}

std::string Subject::text() const { return in_default_context() ? name : ":" + context + ":" + name; }

bool is_valid_name(std::string_view subject) {
  const auto parsed = Subject::parse(subject);
  if (parsed.name == "__GLOBAL" || parsed.name == "__EMPTY" || parsed.context == ".__GLOBAL") return false;
  return std::ranges::none_of(subject, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

SubjectPrefix SubjectPrefix::parse(std::string_view text) {
  if (text == ":*:" || text.starts_with(":*:"))
    return {.everywhere = true, .prefix = {std::string(kDefaultContext), std::string(text.substr(3))}};
  return {.prefix = Subject::parse(text)};
}

bool SubjectPrefix::matches(const Subject& subject) const {
  return (everywhere || subject.context == prefix.context) && subject.name.starts_with(prefix.name);
}

}  // namespace thalweg::registry
