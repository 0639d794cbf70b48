#include "cli/config_text.h"

#include <fmt/format.h>

#include "cli/options.h"

namespace thalweg::cli {

std::string config_line(const admin::ConfigEntry& entry) {
  std::string synonyms;
  for (const auto& synonym : entry.synonyms)
    synonyms += fmt::format("{}{}:{}={}", synonyms.empty() ? "" : ", ",
                            admin::name(static_cast<admin::ConfigSource>(synonym.source)), synonym.name,
                            synonym.value.value_or("null"));
  return fmt::format("{}={} sensitive={} synonyms={{{}}}", entry.name, entry.value.value_or("null"), entry.is_sensitive,
                     synonyms);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_config_list(const std::string& text, bool with_values) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string name, value;
  bool in_value = false;
  int depth = 0;
  for (const char c : text + ",") {
    if (c == ',' && depth == 0) {
      if (with_values && !in_value)
        return invalid(
            "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or  "
            "\"key=[val1,val2]\" to group values which contain commas.");
      while (name.starts_with(' ')) name.erase(0, 1);
      while (name.ends_with(' ')) name.pop_back();
      if (value.starts_with('[') && value.ends_with(']')) value = value.substr(1, value.size() - 2);
      if (!name.empty() || with_values) out.emplace_back(name, value);
      name.clear();
      value.clear();
      in_value = false;
      continue;
    }
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c == '=' && !in_value)
      in_value = true;
    else
      (in_value ? value : name) += c;
  }
  if (depth != 0) return invalid("brackets are not closed in: " + text);
  return out;
}

}  // namespace thalweg::cli
