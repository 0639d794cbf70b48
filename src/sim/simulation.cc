#include "sim/simulation.h"

#include <boost/asio/execution.hpp>

namespace thalweg::sim {
namespace asio = boost::asio;
namespace {

class SimExecutor {  // all that Boost.Asio asks of an executor
 public:
  SimExecutor(Life& life, unsigned shard) : life_(&life), shard_(shard) {}
  asio::execution_context& query(asio::execution::context_t) const noexcept { return *life_; }
  static constexpr auto query(asio::execution::blocking_t) noexcept { return asio::execution::blocking.never; }
  SimExecutor require(asio::execution::blocking_t::never_t) const { return *this; }
  template <class F>
  void execute(F task) const {
    life_->post(shard_, std::move(task));
  }
  bool operator==(const SimExecutor&) const noexcept = default;

 private:
  Life* life_;
  unsigned shard_;
};

}  // namespace

Instant Simulation::between(Instant min, Instant max) {
  return min + Instant(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((max - min).count()) + 1)));
}

Simulation::EventId Simulation::at(Instant when, Function event) {
  const EventId id{std::max(when, now_), ++sequence_};
  events_.emplace(id, std::move(event));
  return id;
}

Task<> Simulation::wait(Instant duration) {
  OneShot<bool> passed;
  at(now_ + duration, [passed] { passed.set(true); });
  co_await passed.wait();
}

bool Simulation::step() {
  if (!runnable_.empty()) {
    const std::size_t chosen = runnable_.size() == 1 ? 0 : below(runnable_.size());
    Lane& lane = *runnable_[chosen];
    note(lane.id);
    Function task = std::move(lane.tasks.front());
    lane.tasks.pop_front();
    if (lane.tasks.empty()) runnable_.erase(runnable_.begin() + static_cast<std::ptrdiff_t>(chosen));
    task();
    return true;
  }
  if (events_.empty()) return false;
  auto event = events_.extract(events_.begin());
  now_ = event.key().first;
  note(0);
  event.mapped()();
  return true;
}

bool Simulation::run_until(const std::function<bool()>& done, Instant limit) {
  while (!done()) {
    if (runnable_.empty() && !events_.empty() && events_.begin()->first.first > limit) return now_ = limit, done();
    if (!step()) return done();
  }
  return true;
}

void Simulation::run_for(Instant duration) {
  run_until([] { return false; }, now_ + duration);
}

void Simulation::note(std::uint64_t what) {
  ++steps_;
  trace_ = (trace_ ^ what ^ static_cast<std::uint64_t>(now_.count())) * 0x100000001b3ULL;
}

Life::Life(Simulation& simulation, unsigned shards) : simulation_(simulation), lanes_(shards) {
  for (auto& lane : lanes_) lane.id = ++simulation_.last_lane_;
}

Executor Life::executor(unsigned shard) { return SimExecutor(*this, shard); }

void Life::post(unsigned shard, Function task) {
  if (ended_) {
    if (dropping_) dropped_.push_back(std::move(task));  // destroyed in turn, not inside whoever posts
    return;
  }
  Lane& lane = lanes_[shard];
  lane.tasks.push_back(std::move(task));
  if (lane.tasks.size() == 1 && !stalled_) simulation_.make_runnable(lane);
}

void Life::stall() {
  stalled_ = true;
  for (auto& lane : lanes_) simulation_.forget(lane);
}

void Life::resume() {
  if (!std::exchange(stalled_, false) || ended_) return;
  for (auto& lane : lanes_)
    if (!lane.tasks.empty()) simulation_.make_runnable(lane);
}

void Life::end() {
  if (ended_) return;
  ended_ = dropping_ = true;
  for (auto& lane : lanes_) {
    simulation_.forget(lane);
    while (!lane.tasks.empty()) {
      dropped_.push_back(std::move(lane.tasks.front()));
      lane.tasks.pop_front();
    }
  }
  drop_all();
  shutdown();  // what is parked
  drop_all();
  dropping_ = false;
}

void Life::drop_all() {
  while (!dropped_.empty()) {
    const Function task = std::move(dropped_.front());
    dropped_.pop_front();
  }
}

}  // namespace thalweg::sim
