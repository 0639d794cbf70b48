// Which topics a tool is asked about.
#pragma once

#include <regex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thalweg::cli {

// Topic names by regular expression for the whole name, where a comma also separates alternatives.
class TopicFilter {
 public:
  static Result<TopicFilter> parse(const std::string& text);
  bool allows(const std::string& topic) const { return std::regex_match(topic, pattern_); }

 private:
  explicit TopicFilter(std::regex pattern) : pattern_(std::move(pattern)) {}
  std::regex pattern_;
};

inline bool is_internal_topic(std::string_view topic) {
  return topic == "__consumer_offsets" || topic == "__transaction_state" || topic == "__share_group_state";
}

}  // namespace thalweg::cli
