// Where the controller of a node is reached.
#pragma once

#include <optional>

#include "broker/network_controller_link.h"
#include "config/broker_config.h"
#include "metadata/image.h"

namespace thalweg::broker {

// The address that controller.quorum.voters gives the node; else, where nodes have no listener of their own for
// controllers, that of the listener between brokers, as the node has registered it. Nothing while nobody leads.
std::optional<NetworkControllerLink::Target> controller_target(BrokerId leader, const config::BrokerConfig& config,
                                                               const metadata::Image& image);

}  // namespace thalweg::broker
