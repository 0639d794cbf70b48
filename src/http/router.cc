#include "http/router.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "json/writer.h"

namespace thalweg::http {

Response plain_error(int status, std::string message) { return text_response(status, std::move(message) + "\n"); }

Response problem(int status, std::string message) {
  return text_response(status,
                       fmt::format(R"({{"type":"about:blank","title":{},"status":{},"detail":{}}})"
                                   "\n",
                                   json::quoted(reason(status)), status, json::quoted(message)),
                       "application/problem+json");
}

void Router::add(std::string method, std::string_view pattern, Handle endpoint, RouteOptions options) {
  CHECK(pattern.starts_with('/'));
  Route route{std::move(method), {}, std::move(endpoint), options};
  const auto target = parse_target(pattern);
  CHECK(target);
  for (const auto& segment : target->segments) {
    const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
    route.segments.push_back({is_parameter ? std::string() : segment, is_parameter});
  }
  for (const auto& other : routes_) CHECK(other.method != route.method || other.segments != route.segments);
  routes_.push_back(std::move(route));
}

bool Router::matches(const Route& route, const std::vector<std::string>& segments) {
  return std::ranges::equal(route.segments, segments,
                            [](const Segment& s, const std::string& text) { return s.is_parameter || s.text == text; });
}

// Both match: the first place where one is a literal and the other is not decides.
bool Router::is_more_exact(const Route& a, const Route& b) {
  for (std::size_t i = 0; i < a.segments.size(); ++i)
    if (a.segments[i].is_parameter != b.segments[i].is_parameter) return b.segments[i].is_parameter;
  return false;
}

std::variant<Router::Found, Response> Router::find(std::string_view method,
                                                   const std::vector<std::string>& segments) const {
  const auto with_method = [&](std::string_view wanted) {
    const Route* best = nullptr;
    for (const auto& route : routes_)
      if (route.method == wanted && matches(route, segments) && (!best || is_more_exact(route, *best))) best = &route;
    return best;
  };
  const Route* route = with_method(method);
  if (!route && method == "HEAD") route = with_method("GET");
  if (route) {
    Found found{&route->endpoint, route->options, {}};
    for (std::size_t i = 0; i < segments.size(); ++i)
      if (route->segments[i].is_parameter) found.parameters.push_back(segments[i]);
    return found;
  }
  std::vector<std::string> allowed;
  for (const auto& other : routes_)
    if (matches(other, segments)) allowed.push_back(other.method);
  const auto has = [&](std::string_view name) { return std::ranges::find(allowed, name) != allowed.end(); };
  if (allowed.empty() && fallback_ && (method == "GET" || method == "HEAD"))
    return Found{&fallback_->endpoint, fallback_->options, {}};
  if (allowed.empty()) return error(404, "there is nothing at this path");
  if (has("GET") && !has("HEAD")) allowed.push_back("HEAD");
  std::ranges::sort(allowed);
  allowed.erase(std::ranges::unique(allowed).begin(), allowed.end());
  Response response = error(405, fmt::format("this path has no {}", method));
  response.headers.add("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
  return response;
}

}  // namespace thalweg::http
