// Settings that Kafka acts on and this version does not, where going on without them would be worse than not starting:
// a server that was to ask for a password would let everybody in, and three members of a quorum would be three
// clusters. Everything else that is not served yet is harmless and accepted.
#pragma once

#include <string>
#include <vector>

#include "config/broker_config.h"

namespace thalweg::config {

// One sentence each; nothing when the server may start. `config.properties` need not be filled yet.
std::vector<std::string> not_served(const BrokerConfig& config, const Properties& given);

}  // namespace thalweg::config
