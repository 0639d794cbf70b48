#include "sim/sim_workers.h"

#include <chrono>

namespace thalweg::sim {

Task<> SimWorkers::carry_out(std::move_only_function<void()> work) {
  using namespace std::chrono_literals;
  const OneShot<bool> done;
  simulation_.at(simulation_.now() + simulation_.between(10us, 50ms), [done, work = std::move(work)]() mutable {
    work();
    done.set(true);
  });
  co_await done.wait();
}

}  // namespace thalweg::sim
