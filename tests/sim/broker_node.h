// A simulated machine that runs the real broker.
#pragma once

#include <memory>
#include <optional>

#include "broker/broker.h"
#include "sim/world.h"

namespace thalweg::simulation {

inline const Endpoint kBroker{"broker-1", 9092};

// What runs there in one life.
struct BrokerProgram {
  std::unique_ptr<broker::Broker> broker;
  bool serving = false;
  std::optional<Error> start_error;
};

// Adds the machine; every start() of the node starts a broker on its disk.
sim::Node& add_broker(sim::World& world, unsigned shards, bool acknowledge_from_memory);

}  // namespace thalweg::simulation
