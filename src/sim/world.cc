#include "sim/world.h"

#include "metrics/metrics.h"

namespace thalweg::sim {

struct Node::Incarnation {
  Incarnation(World& world, Node& node) : life(world.simulation, node.shard_count_), random(world.simulation) {
    for (unsigned i = 0; i < node.shard_count_; ++i) {
      auto& clock = clocks.emplace_back(world.simulation, life.executor(i), node.clock_faults);
      auto& host = hosts.emplace_back(world.network, node.host_, i);
      host.now = [&clock] { return clock.now(); };
      shards.push_back({i, life.executor(i), clock, node.disk_, host, random, metrics.emplace_back()});
    }
  }
  Life life;
  SimRandom random;
  std::deque<SimClock> clocks;
  std::deque<SimHost> hosts;
  std::deque<Metrics> metrics;
  std::deque<Shard> shards;
};

Node::Node(World& world, std::string host, unsigned shards, Program program)
    : world_(world),
      host_(std::move(host)),
      shard_count_(shards),
      program_(std::move(program)),
      disk_(world.simulation) {}

Node::~Node() {
  if (is_up()) crash(Crash::kKill);
}

const Shard& Node::shard(unsigned i) const {
  CHECK(is_up());
  return life_->shards[i];
}

void Node::start() {
  CHECK(!is_up());
  life_ = std::make_unique<Incarnation>(world_, *this);
  state_ = program_(*this);
}

void Node::jump_wall(Millis by) {
  CHECK(is_up());
  for (auto& clock : life_->clocks) clock.jump_wall(by);
}

void Node::stall() {
  CHECK(is_up());
  life_->life.stall();
}

void Node::resume() {
  CHECK(is_up());
  life_->life.resume();
}

void Node::crash(Crash how) {
  CHECK(is_up());
  life_->life.end();
  state_.reset();
  past_.push_back(std::move(life_));
  // A process that ends says so to its peers, a machine without power does not; they find out when it is back or by a
  // timeout.
  world_.network.host_died(host_, how == Crash::kKill ? std::chrono::milliseconds(1) : std::chrono::seconds(2));
  how == Crash::kKill ? disk_.process_killed() : disk_.power_loss();
}

World::~World() {
  for (auto& node : nodes_)
    if (node.is_up()) node.crash(Crash::kKill);
}

Node& World::add_node(std::string host, unsigned shards, Node::Program program) {
  return nodes_.emplace_back(*this, std::move(host), shards, std::move(program));
}

}  // namespace thalweg::sim
