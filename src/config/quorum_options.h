// What is said of the metadata quorum's other nodes, where a BrokerConfig keeps the text only.
#pragma once

#include <vector>

#include "config/broker_config.h"

namespace thalweg::config {

// "a:9093,b:9093"; empty: none.
Result<std::vector<HostPort>> parse_host_ports(std::string_view text);
// controller.quorum.bootstrap.servers, without those that are surely this node.
std::vector<HostPort> quorum_bootstrap_servers(const BrokerConfig& config);
// Whether it names one that surely is; where it does not, a name that leads here may be in it all the same.
bool is_surely_bootstrap_server(const BrokerConfig& config);
// thalweg.join, the same; empty: this node was not told to join.
std::vector<HostPort> join_servers(const BrokerConfig& config);
// Told to join a cluster, and not which node of it to be: the cluster says.
bool lets_the_cluster_choose_its_id(const BrokerConfig& config);
// thalweg.quorum.voters: how many controllers vote, once so many keep up.
int wanted_voters(const BrokerConfig& config);
// Whether nodes beside this one are named, with which it would be a cluster.
bool has_other_nodes(const BrokerConfig& config);
// Whether other nodes may have to be heard before this one can serve: they are named, or it has a listener for
// controllers, where others reach a controller that nobody else is.
bool starts_among_others(const BrokerConfig& config);
// A controller that nobody asks, and that asks nobody, before it serves: its cluster is its own.
bool founds_alone(const BrokerConfig& config);

}  // namespace thalweg::config
