#include "cli/topic_filter.h"

#include "cli/options.h"

namespace thalweg::cli {

Result<TopicFilter> TopicFilter::parse(const std::string& text) {
  std::string pattern;
  for (const char c : text)
    if (c != ' ' && c != '"' && c != '\'') pattern += c == ',' ? '|' : c;
  try {
    return TopicFilter(std::regex(pattern, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return invalid(pattern + " is an invalid regex.");
  }
}

}  // namespace thalweg::cli
