// Simulated machines that run the real broker, each a voter of one metadata quorum: what they are told is what a
// server.properties for three nodes says, and their disks begin empty.
#pragma once

#include <memory>
#include <optional>

#include "broker/broker.h"
#include "sim/world.h"

namespace thalweg::simulation {

inline constexpr int kClusterNodes = 3;

inline constexpr std::uint16_t kControllerPort = 9093;

Endpoint client_endpoint(int node);  // nodes count from 1
Endpoint controller_endpoint(int node);

// How the nodes find one another: with the file's word who votes, or by addresses alone, and then votes can be given
// and taken (KIP-853).
enum class Quorum { kOfTheFile, kByRequest };

// What runs there in one life.
struct ClusterProgram {
  std::unique_ptr<broker::Broker> broker;
  bool serving = false;
  std::optional<Error> start_error;
};

// Every start() of the machine starts a broker on its disk.
sim::Node& add_cluster_node(sim::World& world, int node, Quorum quorum);
// Where a machine has this partition.
std::string folder_of(const std::string& topic, PartitionId partition);
// With all that is on its disk. REQUIRES: it is down
void empty_disk(sim::Node& machine);
// A snapshot of the file system, while the machine goes on.
void copy_disk(sim::Node& machine);
// All that happened on its disk since copy_disk() has not. REQUIRES: it is down
void put_copy_back(sim::Node& machine);

}  // namespace thalweg::simulation
