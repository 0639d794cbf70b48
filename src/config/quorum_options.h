// What is said of the metadata quorum's other nodes, where a BrokerConfig keeps the text only.
#pragma once

#include <vector>

#include "config/broker_config.h"

namespace thalweg::config {

// "a:9093,b:9093"; empty: none.
Result<std::vector<HostPort>> parse_host_ports(std::string_view text);
// controller.quorum.bootstrap.servers, without those that are surely this node.
std::vector<HostPort> quorum_bootstrap_servers(const BrokerConfig& config);
// thalweg.quorum.voters: how many controllers vote, once so many keep up.
int wanted_voters(const BrokerConfig& config);
// Whether nodes beside this one are named, with which it would be a cluster.
bool has_other_nodes(const BrokerConfig& config);
// Whether this node takes part in a quorum that others may take part in: they are named, or they reach it at a listener
// for controllers, as brokers reach a controller that nobody else is.
bool meets_other_nodes(const BrokerConfig& config);

}  // namespace thalweg::config
