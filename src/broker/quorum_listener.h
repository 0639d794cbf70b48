// Which listener carries the metadata quorum.
#pragma once

#include <string>

#include "config/broker_config.h"

namespace thalweg::broker {

// The first one for controllers; on a node that is no controller, or has no such listener, the one between brokers.
std::string quorum_listener(const config::BrokerConfig& config);

}  // namespace thalweg::broker
