#include "console/listing.h"

namespace thalweg::console {

Outcome<> check_page(std::int32_t from, std::int32_t limit) {
  if (from < 0) return std::unexpected(invalid("from", "0 or more"));
  if (limit < 1 || limit > kPageMax) return std::unexpected(invalid("limit", "1 to " + std::to_string(kPageMax)));
  return {};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Outcome<NameFilter> NameFilter::of(const std::optional<std::string>& text) {
  NameFilter filter;
  if (!text) return filter;
  if (text->size() > 2 && text->starts_with('/') && text->ends_with('/')) {
    filter.pattern_.emplace(std::string_view(*text).substr(1, text->size() - 2));
    if (!filter.pattern_->is_valid())
      return std::unexpected(invalid("q", "text, or a regular expression between slashes"));
  } else {
    filter.text_ = lower(*text);
  }
  return filter;
}

bool NameFilter::matches(std::string_view name) const {
  if (pattern_) return pattern_->finds(name);
  if (text_.empty()) return true;
  const auto same = [](char letter, char wanted) {
    return (letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter) == wanted;
  };
  return std::search(name.begin(), name.end(), text_.begin(), text_.end(), same) != name.end();
}

}  // namespace thalweg::console
