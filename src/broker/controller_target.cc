#include "broker/controller_target.h"

#include <algorithm>

#include "broker/listener_role.h"

namespace thalweg::broker {

std::optional<NetworkControllerLink::Target> controller_target(BrokerId leader, const config::BrokerConfig& config,
                                                               const metadata::Image& image) {
  if (leader == kNoBroker) return std::nullopt;
  const auto voter = std::ranges::find(config.quorum_voters, leader, &config::Voter::id);
  if (voter != config.quorum_voters.end()) return NetworkControllerLink::Target{leader, {voter->host, voter->port}};
  const auto* broker = image.broker(leader);
  const auto* endpoint = broker ? broker->endpoint(inter_broker_listener(config)) : nullptr;
  if (!config.controller_listeners.empty() || !endpoint) return std::nullopt;
  return NetworkControllerLink::Target{leader, {endpoint->host, endpoint->port}};
}

}  // namespace thalweg::broker
