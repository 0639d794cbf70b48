// What a listener is for. Kafka's listeners for controllers serve other APIs than those for clients; where
// controller.listener.names is not set, as on a node that stands alone or was joined to others, the listener between
// brokers does both.
#pragma once

#include <string>
#include <string_view>

#include "config/broker_config.h"
#include "protocol/api.h"

namespace thalweg::broker {

struct ListenerRole {
  bool clients = true;       // APIs that Kafka serves on brokers
  bool controllers = false;  // APIs that Kafka serves on controllers

  // What a client asks of this listener is for whichever controller leads; what is asked on a listener that has only
  // controllers behind it is for the one of this node, which may have to say that it does not lead.
  bool asks_this_controller() const { return !clients; }
  bool serves(protocol::ApiKey key) const;
  // Whether ApiVersions lists it. What nodes say to each other is not advertised to clients.
  bool advertises(protocol::ApiKey key) const;
};

ListenerRole role_of(const config::BrokerConfig& config, std::string_view listener);

// Whether it is for nodes of the cluster and nobody else: the controllers', and that between brokers where clients have
// one of their own.
bool is_for_nodes(const config::BrokerConfig& config, std::string_view listener);

// The name of the listener over which brokers reach each other; empty where there is none.
std::string inter_broker_listener(const config::BrokerConfig& config);

}  // namespace thalweg::broker
