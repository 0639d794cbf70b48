#include "cluster_trouble.h"

namespace thalweg::simulation {

using namespace std::chrono_literals;

void ClusterTrouble::begin() {
  lasts_ = true;
  ++period_;
  repeat(&ClusterTrouble::crash_one, 500ms, 5s);
  repeat(&ClusterTrouble::cut_one, 500ms, 6s);
  repeat(&ClusterTrouble::stall_one, 2s, 15s);
  repeat(&ClusterTrouble::fail_a_sync, 3s, 20s);
  repeat(&ClusterTrouble::crash_all, 8s, 40s);
}

void ClusterTrouble::end() {
  lasts_ = false;
  world_.network.join_all();
  for (auto* node : nodes_) {
    if (node->disk().failed_syncs() > 0 && node->is_up()) {
      // What a failed sync was about the disk never has, and only a restart says so everywhere.
      node->crash(sim::Crash::kPowerLoss);
    }
    node->disk().faults.sync_fails_one_in = 0;
    if (node->is_up())
      node->resume();
    else
      node->start();
  }
}

void ClusterTrouble::repeat(void (ClusterTrouble::*what)(), Instant pause_min, Instant pause_max) {
  world_.simulation.at(world_.now() + world_.simulation.between(pause_min, pause_max),
                       [this, what, pause_min, pause_max, period = period_] {
                         if (is_over(period)) return;
                         (this->*what)();
                         repeat(what, pause_min, pause_max);
                       });
}

void ClusterTrouble::crash_one() { crash(any(), 50ms, 3s); }

void ClusterTrouble::crash_all() {
  for (auto* node : nodes_) crash(*node, 50ms, 2s);
}

void ClusterTrouble::crash(sim::Node& node, Instant down_min, Instant down_max) {
  auto& simulation = world_.simulation;
  if (!node.is_up()) return;
  const bool sync_failed = node.disk().faults.sync_fails_one_in > 0;
  node.disk().faults.sync_fails_one_in = 0;
  node.crash(!sync_failed && simulation.one_in(2) ? sim::Crash::kKill : sim::Crash::kPowerLoss);
  ++counts_.crashes;
  simulation.at(world_.now() + simulation.between(down_min, down_max), [&node] {
    if (!node.is_up()) node.start();
  });
}

void ClusterTrouble::cut_one() {
  const std::size_t a = world_.simulation.below(nodes_.size()), b = (a + 1) % nodes_.size();
  world_.network.part(nodes_[a]->host(), nodes_[b]->host());
  ++counts_.cuts;
  world_.simulation.at(world_.now() + world_.simulation.between(100ms, 3s),
                       [this, a, b] { world_.network.join(nodes_[a]->host(), nodes_[b]->host()); });
}

void ClusterTrouble::stall_one() {
  auto& node = any();
  if (!node.is_up()) return;
  node.stall();
  ++counts_.stalls;
  world_.simulation.at(world_.now() + world_.simulation.between(100ms, 6s), [&node] {
    if (node.is_up()) node.resume();
  });
}

// The log that met it goes offline; an operator sees that, and reboots the machine.
void ClusterTrouble::fail_a_sync() {
  auto& node = any();
  if (!node.is_up()) return;
  node.disk().faults.sync_fails_one_in = 1 + world_.simulation.below(4);
  ++counts_.failed_syncs;
  world_.simulation.at(world_.now() + world_.simulation.between(50ms, 2s), [this, &node, period = period_] {
    if (node.disk().faults.sync_fails_one_in == 0) return;  // it crashed meanwhile
    if (!is_over(period)) crash(node, 50ms, 1s);
  });
}

}  // namespace thalweg::simulation
