// Simulated machines that run the real broker, each a voter of one metadata quorum: what they are told is what a
// server.properties for three nodes says, and their disks begin empty.
#pragma once

#include <memory>
#include <optional>

#include "broker/broker.h"
#include "sim/world.h"

namespace thalweg::simulation {

inline constexpr int kClusterNodes = 3;

Endpoint client_endpoint(int node);  // nodes count from 1

// What runs there in one life.
struct ClusterProgram {
  std::unique_ptr<broker::Broker> broker;
  bool serving = false;
  std::optional<Error> start_error;
};

// Every start() of the machine starts a broker on its disk.
sim::Node& add_cluster_node(sim::World& world, int node);

}  // namespace thalweg::simulation
