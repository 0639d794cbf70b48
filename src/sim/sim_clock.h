// The clock of one node: follows the simulation, at its own pace and with its own idea of the date.
#pragma once

#include "runtime/clock.h"
#include "runtime/random.h"
#include "sim/simulation.h"

namespace thalweg::sim {

struct ClockFaults {
  std::int64_t drift_ppm = 0;  // how much faster than true time it runs
  Millis wall_offset{0};       // how far its date is off
};

class SimClock : public Clock {
 public:
  SimClock(Simulation& simulation, Executor executor, ClockFaults faults)
      : simulation_(simulation), executor_(std::move(executor)), faults_(faults) {}
  Instant now() const override { return local(simulation_.now()); }
  Timestamp wall() const override;
  std::unique_ptr<Timer> call_at(Instant when, Function call) override;
  // As when an operator or a time server sets the date. now() is not touched by that.
  void jump_wall(Millis by) { faults_.wall_offset += by; }

 private:
  class SimTimer;
  Instant local(Instant world) const;
  Instant world_not_before(Instant local_time) const;

  Simulation& simulation_;
  const Executor executor_;
  ClockFaults faults_;
};

class SimRandom : public Random {
 public:
  explicit SimRandom(Simulation& simulation) : simulation_(simulation) {}
  std::uint64_t next() override { return simulation_.random(); }

 private:
  Simulation& simulation_;
};

}  // namespace thalweg::sim
