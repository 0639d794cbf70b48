// Listener options: NAME://host:port lists, the map from listener names to security protocols, and quorum voters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "base/uuid.h"

namespace thalweg::config {

// The numbers are Kafka's.
enum class SecurityProtocol : std::int16_t { kPlaintext = 0, kSsl = 1, kSaslPlaintext = 2, kSaslSsl = 3 };
std::string_view name(SecurityProtocol protocol);  // "SASL_SSL"
Result<SecurityProtocol> parse_security_protocol(std::string_view text);

struct Listener {
  std::string name;  // upper case, as Kafka normalises it
  std::string host;  // empty: all addresses
  std::uint16_t port = 0;
  SecurityProtocol protocol = SecurityProtocol::kPlaintext;
  friend bool operator==(const Listener&, const Listener&) = default;
};
std::string to_string(const Listener& listener);  // NAME://host:port

using ProtocolMap = std::map<std::string, SecurityProtocol, std::less<>>;
// "EXTERNAL:SSL,INTERNAL:PLAINTEXT"
Result<ProtocolMap> parse_protocol_map(std::string_view text);

// "PLAINTEXT://:9092,SSL://[::1]:9093". Listener names are looked up in `protocols`; they must differ.
Result<std::vector<Listener>> parse_listeners(std::string_view text, const ProtocolMap& protocols);
// Listeners that are bound need a port each, unless two share one as IPv4 and IPv6. Port 0 is any free port.
Result<> check_distinct_ports(const std::vector<Listener>& listeners);

// An address over which HTTP is served: "http://localhost:9644".
struct HttpListener {
  std::string host;  // empty: all addresses; without the brackets of IPv6
  std::uint16_t port = 0;
  friend bool operator==(const HttpListener&, const HttpListener&) = default;
};
std::string to_string(const HttpListener& listener);  // http://host:port
// "http://localhost:9644,http://[::1]:9645"; empty: none. No path but "/"; https is refused with a word of why.
Result<std::vector<HttpListener>> parse_http_listeners(std::string_view text);

// A member of a static quorum: "1@host:9093".
struct Voter {
  BrokerId id;
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const Voter&, const Voter&) = default;
};
Result<std::vector<Voter>> parse_voters(std::string_view text);

// max.connections.per.ip.overrides: "10.0.0.1:100,[fe80::1]:5". Addresses only, as connections have no names; written
// as the network layer writes those of its peers.
Result<std::map<std::string, std::int32_t>> parse_address_limits(std::string_view text);

// "host:port", "[::1]:9093", ":9093"
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace thalweg::config
