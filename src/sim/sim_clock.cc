#include "sim/sim_clock.h"

namespace thalweg::sim {
// The call waits as an event until its time and then in the node's lane; cancelling works in both places.
class SimClock::SimTimer : public Clock::Timer {
 public:
  struct State {
    Function call;
    bool over = false;
  };
  SimTimer(Simulation& simulation, Executor executor, Instant when, Function call)
      : simulation_(simulation), state_(std::make_shared<State>(std::move(call))) {
    event_ = simulation.at(when, [state = std::weak_ptr(state_), executor = std::move(executor)] {
      boost::asio::post(executor, [state] {
        const auto held = state.lock();
        if (!held || std::exchange(held->over, true)) return;
        auto due = std::move(held->call);
        due();
      });
    });
  }
  ~SimTimer() override {
    state_->over = true;
    simulation_.cancel(event_);
  }

 private:
  Simulation& simulation_;
  const std::shared_ptr<State> state_;
  Simulation::EventId event_;
};

Timestamp SimClock::wall() const {
  return kStartOfTime + (std::chrono::duration_cast<Millis>(now()) + faults_.wall_offset).count();
}

std::unique_ptr<Clock::Timer> SimClock::call_at(Instant when, Function call) {
  return std::make_unique<SimTimer>(simulation_, executor_, world_not_before(when), std::move(call));
}

Instant SimClock::local(Instant world) const {
  return Instant(static_cast<std::int64_t>(__int128{world.count()} * (1'000'000 + faults_.drift_ppm) / 1'000'000));
}

Instant SimClock::world_not_before(Instant local_time) const {
  constexpr Instant kNever = std::chrono::hours(1'000'000);  // callers who mean it give Instant::max()
  if (local_time >= kNever) return kNever;
  if (local_time <= now()) return simulation_.now();
  Instant world(static_cast<std::int64_t>(__int128{local_time.count()} * 1'000'000 / (1'000'000 + faults_.drift_ppm)));
  while (local(world) < local_time) ++world;
  return world;
}

}  // namespace thalweg::sim
