// Where the controller of a node is reached.
#pragma once

#include <optional>

#include "broker/network_controller_link.h"
#include "config/broker_config.h"
#include "metadata/image.h"
#include "raft/quorum.h"

namespace thalweg::broker {

// The address that the quorum's table of members has for the leader's listener for controllers; else the one that
// controller.quorum.voters gives it; else, where nodes have no such listener of their own, that of the listener between
// brokers, as the node has registered it. Nothing while nobody leads.
std::optional<NetworkControllerLink::Target> controller_target(const raft::Leadership& leadership,
                                                               const raft::MemberTable& members,
                                                               const config::BrokerConfig& config,
                                                               const metadata::Image& image);

}  // namespace thalweg::broker
