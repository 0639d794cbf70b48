#include "config/not_served.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::config {
namespace {

// Controller listeners are not bound: the quorum's only member is reached inside the process.
void check_listeners(const BrokerConfig& config, std::vector<std::string>& problems) {
  for (const auto& listener : config.listeners) {
    if (std::ranges::find(config.controller_listeners, listener.name) != config.controller_listeners.end()) continue;
    if (listener.protocol != SecurityProtocol::kPlaintext)
      problems.push_back(fmt::format("listeners: {} speaks {}, which is not served yet; only PLAINTEXT is",
                                     listener.name, name(listener.protocol)));
  }
}

void check_quorum(const BrokerConfig& config, std::vector<std::string>& problems) {
  if (!config.is_broker || !config.is_controller)
    problems.push_back("process.roles: a node is broker and controller; clusters of several nodes are not served yet");
  const bool others = std::ranges::any_of(config.quorum_voters, [&](const auto& v) { return v.id != config.node_id; });
  if (others)
    problems.push_back(fmt::format(
        "controller.quorum.voters: names others than this node ({}); clusters of several nodes are not served yet",
        config.node_id.value));
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
