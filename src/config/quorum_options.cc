#include "config/quorum_options.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::config {
namespace {

constexpr std::string_view kBootstrapServers = "controller.quorum.bootstrap.servers";

Value value_of(const BrokerConfig& config, std::string_view name) {
  const Option* option = broker_options().find(name);
  CHECK(option);
  const auto given = config.properties.find(name);
  const auto value = parse(*option, given == config.properties.end() ? option->default_value : given->second);
  CHECK(value);  // load_broker_config() has refused what is not valid
  return *value;
}

// Kafka's own file for one node names its own address.
bool is_surely_own(const BrokerConfig& config, const HostPort& address) {
  const bool local = address.host == "localhost" || address.host == "127.0.0.1" || address.host == "::1";
  return std::ranges::any_of(config.listeners, [&](const auto& listener) {
    const auto& controllers = config.controller_listeners;
    return listener.port == address.port && (local || listener.host == address.host) &&
           std::ranges::find(controllers, listener.name) != controllers.end();
  });
}

// What is not valid is refused at the start (not_served.cc).
std::vector<HostPort> all_in(const BrokerConfig& config, std::string_view option) {
  const auto given = config.properties.find(std::string(option));
  if (given == config.properties.end()) return {};
  return parse_host_ports(given->second).value_or(std::vector<HostPort>());
}

std::vector<HostPort> others_in(const BrokerConfig& config, std::string_view option) {
  auto servers = all_in(config, option);
  std::erase_if(servers, [&](const HostPort& address) { return is_surely_own(config, address); });
  return servers;
}

}  // namespace

Result<std::vector<HostPort>> parse_host_ports(std::string_view text) {
  std::vector<HostPort> addresses;
  for (const auto& entry : split_list(text)) {
    TRY(auto address, parse_host_port(entry));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

std::vector<HostPort> quorum_bootstrap_servers(const BrokerConfig& config) {
  return others_in(config, kBootstrapServers);
}

bool is_surely_bootstrap_server(const BrokerConfig& config) {
  return std::ranges::any_of(all_in(config, kBootstrapServers),
                             [&](const HostPort& address) { return is_surely_own(config, address); });
}

std::vector<HostPort> join_servers(const BrokerConfig& config) { return others_in(config, "thalweg.join"); }

bool lets_the_cluster_choose_its_id(const BrokerConfig& config) {
  return !join_servers(config).empty() && !config.properties.contains("node.id");
}

int wanted_voters(const BrokerConfig& config) {
  return int(std::get<std::int64_t>(value_of(config, "thalweg.quorum.voters")));
}

bool has_other_nodes(const BrokerConfig& config) {
  return std::ranges::any_of(config.quorum_voters, [&](const auto& voter) { return voter.id != config.node_id; }) ||
         !quorum_bootstrap_servers(config).empty() || !join_servers(config).empty();
}

bool starts_among_others(const BrokerConfig& config) {
  const auto& names = config.controller_listeners;
  const bool open = config.is_controller && !names.empty() &&
                    std::ranges::find(config.listeners, names.front(), &Listener::name) != config.listeners.end();
  return open || has_other_nodes(config);
}

bool founds_alone(const BrokerConfig& config) { return config.is_controller && !starts_among_others(config); }

}  // namespace thalweg::config
