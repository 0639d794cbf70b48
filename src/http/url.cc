#include "http/url.h"

#include <algorithm>

#include "base/number.h"

namespace thalweg::http {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::uint16_t kHttpPort = 80;

std::unexpected<Error> wrong(std::string message) { return fail(ErrorCode::kInvalidRequest, std::move(message)); }

bool may_be_in_host(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || std::string_view("-.:%_").contains(c);
}
bool may_be_in_path(char c) { return c > ' ' && c < '\x7f' && !std::string_view("?#\"<>\\^`{|}").contains(c); }

// "host:port", "[::1]:port", without either's end.
Result<Endpoint> parse_authority(std::string_view text, std::uint16_t port) {
  Endpoint endpoint{.host = {}, .port = port};
  const bool bracketed = text.starts_with('[');
  const auto closing = text.find(']');
  if (bracketed && closing == text.npos) return wrong("a bracket of its host is not closed");
  const auto colon = text.find(':', bracketed ? closing : 0);
  endpoint.host = bracketed ? text.substr(1, closing - 1) : text.substr(0, colon);
  if (endpoint.host.empty() || !std::ranges::all_of(endpoint.host, may_be_in_host))
    return wrong("it has no valid host");
  if (bracketed && std::min(colon, text.size()) != closing + 1) return wrong("it has no valid host");
  if (colon == text.npos) return endpoint;
  const auto number = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!number || *number == 0) return wrong("its port is no number from 1 to 65535");
  endpoint.port = *number;
  return endpoint;
}

}  // namespace

Result<Url> parse_url(std::string_view text, std::uint16_t port) {
  if (const auto scheme = text.find("://"); scheme != text.npos) {
    if (text.starts_with("https://")) return wrong("TLS (https) is not there yet; it takes http://host:port");
    if (!text.starts_with(kHttp)) return wrong("its scheme is not http");
    text.remove_prefix(kHttp.size());
    port = kHttpPort;
  }
  const auto slash = std::min(text.find('/'), text.size());
  const auto authority = text.substr(0, slash);
  if (authority.contains('@')) return wrong("names and passwords are not there yet; it takes http://host:port");
  Url url;
  TRY(url.endpoint, parse_authority(authority, port));
  url.path = text.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  if (!std::ranges::all_of(url.path, may_be_in_path))
    return wrong("its path has characters that must be written as %XX");
  return url;
}

}  // namespace thalweg::http
