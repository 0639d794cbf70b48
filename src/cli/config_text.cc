#include "cli/config_text.h"

#include <fmt/format.h>

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

Result<std::vector<std::pair<std::string, std::string>>> parse_config_list(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string name, value;
  bool in_value = false;
  int depth = 0;
  for (const char c : text + ",") {
    if (c == ',' && depth == 0) {
      while (name.starts_with(' ')) name.erase(0, 1);
      while (name.ends_with(' ')) name.pop_back();
      if (value.starts_with('[') && value.ends_with(']')) value = value.substr(1, value.size() - 2);
      if (!name.empty()) out.emplace_back(name, value);
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
  if (depth != 0) return fail(ErrorCode::kInvalidRequest, "brackets are not closed in: " + text);
  return out;
}

}  // namespace thalweg::cli
