// Workers of a simulation: work takes no time of the shard and a random while of the world, between its tasks.
#pragma once

#include "runtime/workers.h"
#include "sim/simulation.h"

namespace thalweg::sim {

class SimWorkers : public Workers {
 public:
  explicit SimWorkers(Simulation& simulation) : simulation_(simulation) {}

 private:
  Task<> carry_out(std::move_only_function<void()> work) override;

  Simulation& simulation_;
};

}  // namespace thalweg::sim
