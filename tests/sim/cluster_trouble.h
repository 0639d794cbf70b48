// What befalls three brokers, by seed: they crash, one or all, lose power, stand still, cannot reach each other, and
// their disks fail a sync. It is taken back after a while, and all of it at the end.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/world.h"

namespace thalweg::simulation {

struct TroubleCounts {
  std::uint64_t crashes = 0, cuts = 0, stalls = 0, failed_syncs = 0;
};

class ClusterTrouble {
 public:
  ClusterTrouble(sim::World& world, std::vector<sim::Node*> nodes) : world_(world), nodes_(std::move(nodes)) {}

  void begin();
  // Everybody is up, goes on and reaches everybody when it returns.
  void end();
  const TroubleCounts& counts() const { return counts_; }

 private:
  // Does it, and again after a pause, until the end.
  void repeat(void (ClusterTrouble::*what)(), Instant pause_min, Instant pause_max);
  void crash_one();
  void crash_all();
  void cut_one();
  void stall_one();
  void fail_a_sync();
  void crash(sim::Node& node, Instant down_min, Instant down_max);
  sim::Node& any() { return *nodes_[world_.simulation.below(nodes_.size())]; }
  bool is_over(std::uint64_t period) const { return !lasts_ || period != period_; }

  sim::World& world_;
  const std::vector<sim::Node*> nodes_;
  TroubleCounts counts_;
  bool lasts_ = false;
  std::uint64_t period_ = 0;  // so that what was begun in an earlier one does not go on in this
};

}  // namespace thalweg::simulation
