#include "config/listeners.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/number.h"
#include "config/option.h"

namespace thalweg::config {
namespace {

constexpr std::string_view kProtocols[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::unexpected<Error> invalid(std::string message) { return fail(ErrorCode::kInvalidConfig, std::move(message)); }

bool is_v6(const Listener& listener) { return listener.host.contains(':'); }

Result<Listener> parse_listener(std::string_view text, const ProtocolMap& protocols) {
  const auto scheme = text.find("://");
  if (scheme == text.npos || scheme == 0) return invalid(fmt::format("'{}' is not NAME://host:port", text));
  Listener listener{.name = upper(text.substr(0, scheme))};
  TRY(const auto address, parse_host_port(text.substr(scheme + 3)));
  listener.host = address.host;
  listener.port = address.port;
  const auto protocol = protocols.find(listener.name);
  if (protocol == protocols.end())
    return invalid(fmt::format("listener {} has no entry in listener.security.protocol.map", listener.name));
  listener.protocol = protocol->second;
  return listener;
}

bool is_bracketed(std::string_view host) { return host.starts_with('[') && host.ends_with(']'); }
std::string without_brackets(std::string_view host) {
  return std::string(is_bracketed(host) ? host.substr(1, host.size() - 2) : host);
}

// One way of writing each address.
std::optional<std::string> canonical_address(const std::string& text) {
  in6_addr address{};
  char out[INET6_ADDRSTRLEN];
  for (const int family : {AF_INET, AF_INET6})
    if (inet_pton(family, text.c_str(), &address) == 1) return inet_ntop(family, &address, out, sizeof out);
  return std::nullopt;
}

}  // namespace

std::string_view name(SecurityProtocol protocol) { return kProtocols[static_cast<int>(protocol)]; }

Result<SecurityProtocol> parse_security_protocol(std::string_view text) {
  const auto it = std::ranges::find(kProtocols, upper(text));
  if (it == std::end(kProtocols))
    return invalid(fmt::format("'{}' is not a security protocol: {}", text, fmt::join(kProtocols, ", ")));
  return static_cast<SecurityProtocol>(it - std::begin(kProtocols));
}

std::string to_string(const Listener& listener) {
  return fmt::format(fmt::runtime(is_v6(listener) ? "{}://[{}]:{}" : "{}://{}:{}"), listener.name, listener.host,
                     listener.port);
}

Result<ProtocolMap> parse_protocol_map(std::string_view text) {
  ProtocolMap map;
  for (const auto& entry : split_list(text)) {
    const auto colon = entry.find(':');
    if (colon == entry.npos) return invalid(fmt::format("'{}' is not NAME:PROTOCOL", entry));
    TRY(const auto protocol, parse_security_protocol(entry.substr(colon + 1)));
    if (!map.emplace(upper(entry.substr(0, colon)), protocol).second)
      return invalid(fmt::format("listener {} is mapped twice", upper(entry.substr(0, colon))));
  }
  return map;
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return invalid(fmt::format("'{}' has no port", text));
  const auto host = text.substr(0, colon);
  if (host.contains(':') && !is_bracketed(host))
    return invalid(fmt::format("'{}': an IPv6 address stands in brackets", text));
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return invalid(fmt::format("'{}' is not a port", text.substr(colon + 1)));
  return HostPort{without_brackets(host), *port};
}

Result<std::vector<Listener>> parse_listeners(std::string_view text, const ProtocolMap& protocols) {
  std::vector<Listener> listeners;
  for (const auto& entry : split_list(text)) {
    TRY(auto listener, parse_listener(entry, protocols));
    if (std::ranges::find(listeners, listener.name, &Listener::name) != listeners.end())
      return invalid(fmt::format("two listeners are named {}", listener.name));
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

Result<> check_distinct_ports(const std::vector<Listener>& listeners) {
  for (auto a = listeners.begin(); a != listeners.end(); ++a)
    for (auto b = listeners.begin(); b != a; ++b) {
      const bool share = is_v6(*a) != is_v6(*b) && !a->host.empty() && !b->host.empty();
      if (a->port != 0 && a->port == b->port && !share)
        return invalid(fmt::format("{} and {} have the same port {}", b->name, a->name, a->port));
    }
  return {};
}

std::string to_string(const HttpListener& listener) {
  return fmt::format(fmt::runtime(listener.host.contains(':') ? "http://[{}]:{}" : "http://{}:{}"), listener.host,
                     listener.port);
}

Result<std::vector<HttpListener>> parse_http_listeners(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  std::vector<HttpListener> listeners;
  for (const auto& entry : split_list(text)) {
    if (entry.starts_with("https://"))
      return invalid(fmt::format("'{}': https is not served yet, only http is", entry));
    if (!entry.starts_with(kScheme)) return invalid(fmt::format("'{}' is not http://host:port", entry));
    std::string_view authority = std::string_view(entry).substr(kScheme.size());
    if (authority.ends_with('/')) authority.remove_suffix(1);
    if (authority.contains('/')) return invalid(fmt::format("'{}': a listener has no path", entry));
    TRY(auto address, parse_host_port(authority));
    HttpListener listener{std::move(address.host), address.port};
    if (std::ranges::find(listeners, listener) != listeners.end())
      return invalid(fmt::format("'{}' is named twice", entry));
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

Result<std::vector<Voter>> parse_voters(std::string_view text) {
  std::vector<Voter> voters;
  for (const auto& entry : split_list(text)) {
    const auto at = entry.find('@');
    const auto id = parse_number<std::int32_t>(std::string_view(entry).substr(0, at));
    if (at == entry.npos || !id || *id < 0) return invalid(fmt::format("'{}' is not id@host:port", entry));
    TRY(auto address, parse_host_port(std::string_view(entry).substr(at + 1)));
    if (std::ranges::find(voters, BrokerId{*id}, &Voter::id) != voters.end())
      return invalid(fmt::format("voter {} is named twice", *id));
    voters.push_back({BrokerId{*id}, std::move(address.host), address.port});
  }
  return voters;
}

Result<std::map<std::string, std::int32_t>> parse_address_limits(std::string_view text) {
  std::map<std::string, std::int32_t> limits;
  for (const auto& entry : split_list(text)) {
    const auto colon = entry.rfind(':');
    const auto limit =
        colon == entry.npos ? std::nullopt : parse_number<std::int32_t>(std::string_view(entry).substr(colon + 1));
    if (!limit || *limit < 0) return invalid(fmt::format("'{}' is not address:limit", entry));
    const auto host = entry.substr(0, colon);
    const auto address = canonical_address(without_brackets(host));
    if (!address) return invalid(fmt::format("'{}' is no IP address; connections are not known by names", host));
    limits[*address] = *limit;
  }
  return limits;
}

}  // namespace thalweg::config
