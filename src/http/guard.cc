#include "http/guard.h"

#include <algorithm>
#include <string_view>

#include "base/number.h"

namespace thalweg::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Without the port; an IPv6 address keeps its brackets.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_address(std::string_view host) {
  if (host.starts_with('['))
    return host.size() > 2 && host.ends_with(']') && std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
             return std::string_view("0123456789abcdef:.").contains(c);
           });
  int parts = 0;
  for (;;) {
    const auto dot = host.find('.');
    const auto part = host.substr(0, dot);
    if (!parse_number<std::uint8_t>(part)) return false;
    ++parts;
    if (dot == host.npos) return parts == 4;
    host.remove_prefix(dot + 1);
  }
}

bool is_ours(std::string_view host, const GuardRules& rules) {
  return is_address(host) || host == "localhost" || host.ends_with(".localhost") || rules.hosts.contains(host);
}

bool is_of_browser(const Headers& headers) {
  if (headers.find("Origin") || headers.find("User-Agent").value_or("").starts_with("Mozilla/")) return true;
  return std::ranges::any_of(headers.fields(), [](const auto& field) {
    return equal_ignoring_case(std::string_view(field.first).substr(0, 10), "Sec-Fetch-");
  });
}

bool comes_from_elsewhere(const Headers& headers, std::string_view authority) {
  const auto site = headers.find("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") return true;
  const auto origin = headers.find("Origin");
  return origin && lower(*origin) != "http://" + std::string(authority) &&
         lower(*origin) != "https://" + std::string(authority);
}

// What any page may send anywhere without the browser asking first.
bool is_simple_content(const RequestHead& head) {
  const std::string type = lower(head.headers.find("Content-Type").value_or(""));
  const auto bare = std::string_view(type).substr(0, type.find(';'));
  return bare.empty() || bare.starts_with("text/plain") || bare.starts_with("multipart/form-data") ||
         bare.starts_with("application/x-www-form-urlencoded");
}

bool has_to_be_ours(bool browser, GuardRules::Names names) {
  return names == GuardRules::Names::kOfAll || (names == GuardRules::Names::kOfBrowsers && browser);
}

Refusal unknown_name(const GuardRules& rules) {
  std::string message =
      "this server does not go by the name in Host; ask it by its address, or by a name that it listens on";
  if (!rules.names_option.empty()) message += ", or add the name to " + rules.names_option;
  return {421, std::move(message)};
}

}  // namespace

std::optional<Refusal> guard(const RequestHead& head, const GuardRules& rules) {
  const std::string authority = lower(head.headers.find("Host").value_or(""));
  const bool browser = is_of_browser(head.headers);
  if (has_to_be_ours(browser, rules.names) && !is_ours(host_of(authority), rules)) return unknown_name(rules);
  if (comes_from_elsewhere(head.headers, authority)) return Refusal{403, "requests of other sites' pages are refused"};
  if (head.method == "OPTIONS" && head.headers.find("Access-Control-Request-Method"))
    return Refusal{403, "requests of other sites' pages are refused"};
  if (browser && head.has_body() && is_simple_content(head))
    return Refusal{415, "a browser has to say a type that pages cannot send unasked, as application/json"};
  return std::nullopt;
}

}  // namespace thalweg::http
