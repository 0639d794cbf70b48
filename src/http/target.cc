#include "http/target.h"

namespace thalweg::http {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Without scheme and host, which proxies are sent.
std::string_view path_of(std::string_view text) {
  if (text.starts_with('/')) return text;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto slash = text.find('/', scheme.size());
    return slash == text.npos ? "/" : text.substr(slash);
  }
  return {};
}

// Calls for each part between two separators; false as soon as the call says so.
template <class F>
bool each_part(std::string_view text, char separator, F call) {
  for (;;) {
    const auto end = text.find(separator);
    if (!call(text.substr(0, end))) return false;
    if (end == text.npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool parse_query(std::string_view text, Query& query) {
  return each_part(text, '&', [&](std::string_view part) {
    if (part.empty()) return true;
    const auto equals = part.find('=');
    auto name = percent_decoded(part.substr(0, equals), true);
    auto value = percent_decoded(equals == part.npos ? std::string_view() : part.substr(equals + 1), true);
    if (!name || !value) return false;
    query.emplace_back(std::move(*name), std::move(*value));
    return true;
  });
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const auto byte = static_cast<unsigned char>(c);
    if (letter || std::string_view("-._~").contains(c))
      out += c;
    else
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      const int low = high < 0 ? -1 : digit_of(text[i + 2]);
      if (low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::optional<Target> parse_target(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const auto question = text.find('?');
  std::string_view path = path_of(text.substr(0, question));
  if (path.empty()) return std::nullopt;
  Target target;
  if (question != text.npos && !parse_query(text.substr(question + 1), target.query)) return std::nullopt;
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return target;
  const bool decodes = each_part(path, '/', [&](std::string_view part) {
    auto segment = percent_decoded(part);
    if (segment) target.segments.push_back(std::move(*segment));
    return segment.has_value();
  });
  if (!decodes) return std::nullopt;
  return target;
}

}  // namespace thalweg::http
