#include "http/accept.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/number.h"
#include "http/message.h"

namespace thalweg::http {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

struct Range {
  std::string_view type;                     // "text/plain", "text/*", "*/*"
  std::vector<std::string_view> parameters;  // "version=0.0.4"; without q
  double quality = 1;
};

Range parse_range(std::string_view text) {
  const auto parts = split(text, ';');
  Range range{.type = parts.front()};
  for (const auto part : std::span(parts).subspan(1)) {
    if (part.size() >= 2 && (part[0] == 'q' || part[0] == 'Q') && part[1] == '=')
      range.quality = std::clamp(parse_number<double>(part.substr(2)).value_or(1.0), 0.0, 1.0);
    else if (!part.empty())
      range.parameters.push_back(part);
  }
  return range;
}

bool has_all(const std::vector<std::string_view>& parameters, const std::vector<std::string_view>& wanted) {
  return std::ranges::all_of(wanted, [&](auto p) {
    return std::ranges::any_of(parameters, [&](auto q) { return equal_ignoring_case(p, q); });
  });
}

// How exactly the range means this type: 0 not at all, then "*/*", "text/*", "text/plain", and more with parameters.
std::size_t exactness(const Range& range, const Range& offered) {
  if (!has_all(offered.parameters, range.parameters)) return 0;
  if (equal_ignoring_case(range.type, offered.type)) return 3 + range.parameters.size();
  if (range.type == "*/*" || range.type == "*") return 1;
  const auto slash = offered.type.find('/');
  const bool whole_kind = range.type.ends_with("/*") && equal_ignoring_case(range.type.substr(0, range.type.size() - 1),
                                                                            offered.type.substr(0, slash + 1));
  return whole_kind ? 2 : 0;
}

// The most exact range decides.
double liking(const std::vector<Range>& ranges, std::string_view offered) {
  const Range type = parse_range(offered);
  std::size_t most = 0;
  double quality = 0;
  for (const auto& range : ranges) {
    const auto exact = exactness(range, type);
    if (exact > most || (exact == most && exact > 0 && range.quality > quality)) {
      most = exact;
      quality = range.quality;
    }
  }
  return quality;
}

}  // namespace

std::optional<std::size_t> best_of(std::optional<std::string_view> accept, std::span<const std::string_view> offered) {
  std::vector<Range> ranges;
  for (const auto part : split(accept.value_or(""), ','))
    if (!part.empty()) ranges.push_back(parse_range(part));
  if (ranges.empty()) return offered.empty() ? std::nullopt : std::optional<std::size_t>(0);
  std::optional<std::size_t> best;
  double liked = 0;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    const double quality = liking(ranges, offered[i]);
    if (quality > liked) {
      liked = quality;
      best = i;
    }
  }
  return best;
}

}  // namespace thalweg::http
