// Machines with names, disks and clocks, that crash and come back.
//
//   World world(seed);
//   Node& broker = world.add_node("broker-1", 2, start_broker);   // start_broker: Node& -> what it keeps alive
//   broker.start();
//   world.run_until([&] { return done; }, 60s);
//   broker.crash(Crash::kPowerLoss);
//   broker.start();
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "runtime/shard.h"
#include "sim/sim_clock.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"
#include "sim/simulation.h"

namespace thalweg::sim {

enum class Crash {
  kKill,       // the process ends, the page cache stays
  kPowerLoss,  // the machine ends
};

class World;

class Node {
 public:
  // Makes what runs on the node, and gives what must live as long as its coroutines may.
  using Program = std::function<std::shared_ptr<void>(Node&)>;

  Node(World& world, std::string host, unsigned shards, Program program);
  ~Node();

  const std::string& host() const { return host_; }
  World& world() { return world_; }
  SimDisk& disk() { return disk_; }
  bool is_up() const { return life_ != nullptr; }
  unsigned shard_count() const { return shard_count_; }
  // Of this life. REQUIRES: is_up()
  const Shard& shard(unsigned i) const;
  // What the program gave. REQUIRES: is_up()
  template <class T>
  T& program() const {
    return *static_cast<T*>(state_.get());
  }
  // Of the next life.
  ClockFaults clock_faults;

  void start();
  // The date of all its shards is set forwards or back, until it starts again. REQUIRES: is_up()
  void jump_wall(Millis by);
  // The process is stopped and goes on later as if nothing had been: what came meanwhile it finds all at once. A crash
  // ends that too. REQUIRES: is_up(), not called from a task of this node
  void stall();
  void resume();
  // Everything suspended is destroyed, then what the program gave. REQUIRES: is_up(), not called from a task of this
  // node
  void crash(Crash how);

 private:
  struct Incarnation;

  World& world_;
  const std::string host_;
  const unsigned shard_count_;
  const Program program_;
  SimDisk disk_;
  std::unique_ptr<Incarnation> life_;
  std::shared_ptr<void> state_;
  std::deque<std::unique_ptr<Incarnation>> past_;  // executors that somebody may still hold
};

class World {
 public:
  explicit World(std::uint64_t seed) : simulation(seed), network(simulation) {}
  ~World();

  Simulation simulation;
  SimNetwork network;

  Node& add_node(std::string host, unsigned shards, Node::Program program);
  std::deque<Node>& nodes() { return nodes_; }

  Instant now() const { return simulation.now(); }
  bool run_until(const std::function<bool()>& done, Instant within) {
    return simulation.run_until(done, simulation.now() + within);
  }
  void run_for(Instant duration) { simulation.run_for(duration); }

  // Runs a coroutine on shard 0 of the node until it ends; nothing if it did not within the time.
  template <class T>
  std::optional<T> run(Node& node, Task<T> task, Instant within = std::chrono::minutes(10)) {
    const auto result = std::make_shared<std::optional<T>>();
    spawn(node.shard(0), keep_result(std::move(task), result));
    run_until([&] { return result->has_value(); }, within);
    return std::move(*result);
  }

 private:
  template <class T>
  static Task<> keep_result(Task<T> task, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(task));
  }
  std::deque<Node> nodes_;
};

}  // namespace thalweg::sim
