#include "broker/controller_target.h"

#include <algorithm>

#include "broker/listener_role.h"

namespace thalweg::broker {

std::optional<NetworkControllerLink::Target> controller_target(const raft::Leadership& leadership,
                                                               const raft::MemberTable& members,
                                                               const config::BrokerConfig& config,
                                                               const metadata::Image& image) {
  const BrokerId leader = leadership.leader;
  if (leader == kNoBroker) return std::nullopt;
  const std::string listener =
      config.controller_listeners.empty() ? inter_broker_listener(config) : config.controller_listeners.front();
  if (const auto* member = members.find(leadership.member))
    if (const auto at = member->endpoints.find(listener); at != member->endpoints.end())
      return NetworkControllerLink::Target{leader, at->second};
  const auto voter = std::ranges::find(config.quorum_voters, leader, &config::Voter::id);
  if (voter != config.quorum_voters.end()) return NetworkControllerLink::Target{leader, {voter->host, voter->port}};
  const auto* broker = image.broker(leader);
  const auto* endpoint = broker ? broker->endpoint(inter_broker_listener(config)) : nullptr;
  if (!config.controller_listeners.empty() || !endpoint) return std::nullopt;
  return NetworkControllerLink::Target{leader, {endpoint->host, endpoint->port}};
}

}  // namespace thalweg::broker
