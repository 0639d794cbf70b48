#include "config/not_served.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/quorum_options.h"

namespace thalweg::config {
namespace {

// Of the listeners for controllers the first is opened, on nodes that are controllers.
bool is_opened(const BrokerConfig& config, const Listener& listener) {
  const auto& controllers = config.controller_listeners;
  if (std::ranges::find(controllers, listener.name) == controllers.end()) return true;
  return config.is_controller && listener.name == controllers.front();
}

void check_listeners(const BrokerConfig& config, std::vector<std::string>& problems) {
  for (const auto& listener : config.listeners) {
    if (!is_opened(config, listener)) continue;
    if (listener.protocol != SecurityProtocol::kPlaintext)
      problems.push_back(fmt::format("listeners: {} speaks {}, which is not served yet; only PLAINTEXT is",
                                     listener.name, name(listener.protocol)));
  }
}

// It has none for clients, and one at least for brokers.
void check_listeners_of_a_controller(const BrokerConfig& config, std::vector<std::string>& problems) {
  if (config.controller_listeners.empty())
    problems.push_back(
        "process.roles: a node that is only a controller needs a listener for brokers to reach it; name one of "
        "listeners "
        "in controller.listener.names");
  for (const auto& listener : config.listeners)
    if (std::ranges::find(config.controller_listeners, listener.name) == config.controller_listeners.end())
      problems.push_back(fmt::format("listeners: {} is for clients, and this node is only a controller (process.roles)",
                                     listener.name));
}

void check_quorum(const BrokerConfig& config, std::vector<std::string>& problems) {
  const bool others = has_other_nodes(config);
  for (const std::string option : {"controller.quorum.bootstrap.servers", "thalweg.join"}) {
    const auto servers = config.properties.find(option);
    if (servers == config.properties.end()) continue;
    if (const auto read = parse_host_ports(servers->second); !read)
      problems.push_back(option + ": " + read.error().message);
  }
  if (!config.is_controller && !others)
    problems.push_back(
        "process.roles: a node that is only a broker needs controller.quorum.voters or "
        "controller.quorum.bootstrap.servers to find the controllers");
  if (!config.is_broker) check_listeners_of_a_controller(config, problems);
  if (!others) return;
  const bool votes = std::ranges::find(config.quorum_voters, config.node_id, &Voter::id) != config.quorum_voters.end();
  if (config.is_controller && !config.quorum_voters.empty() && !votes)
    problems.push_back(fmt::format("controller.quorum.voters: does not name this node ({}), which is a controller",
                                   config.node_id.value));
  if (!config.is_controller && votes)
    problems.push_back(
        fmt::format("controller.quorum.voters: names this node ({}), which is only a broker", config.node_id.value));
}

}  // namespace

std::vector<std::string> not_served(const BrokerConfig& config, const Properties& given) {
  std::vector<std::string> problems;
  check_listeners(config, problems);
  check_quorum(config, problems);
  const auto authorizer = given.find("authorizer.class.name");
  if (authorizer != given.end() && !authorizer->second.empty())
    problems.push_back("authorizer.class.name: ACLs are not served yet, so nothing would be forbidden to anybody");
  return problems;
}

}  // namespace thalweg::config
