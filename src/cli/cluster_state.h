// One look at a cluster: its brokers, the quorum behind them, its partitions, and what is wrong with them. Plain
// values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admin/cluster.h"
#include "admin/topics.h"
#include "cli/report.h"

namespace thalweg::cli {

struct PartitionState {
  TopicPartition id;
  admin::PartitionDescription now;
  std::size_t min_isr = 1;
  std::optional<admin::Reassignment> move;

  bool leaderless() const { return now.leader == kNoBroker; }
  // A partition cannot have more in sync than it has replicas, and brokers ask for no more.
  bool under_min_isr() const { return leaderless() || now.isr.size() < std::min(min_isr, now.replicas.size()); }
  // Replicas on their way in are not missing yet.
  bool under_replicated() const { return now.isr.size() + (move ? move->adding.size() : 0) < now.replicas.size(); }
  bool unwell() const { return under_min_isr() || under_replicated(); }
  // The worst of it: "leaderless", "under-min-isr", "under-replicated", "moving" or "ok".
  std::string_view state() const;
};
// What state() says, for options.
std::vector<std::string> partition_states();

struct Trouble {
  std::string what;  // a clause: "broker 3 is down", "2 partitions without a leader"
  std::string next;  // what to do about it
};

struct ClusterState {
  admin::ClusterDescription cluster;
  std::optional<admin::QuorumDescription> quorum;  // nothing where brokers do not tell, or nobody leads
  bool has_quorum = true;                          // false: an older cluster, whose controller is one of the brokers
  std::vector<PartitionState> partitions;          // by topic and number

  BrokerId controller() const;
  std::vector<BrokerId> down() const;
  std::size_t count(bool (PartitionState::*what)() const) const;
  std::size_t moving() const;
  // Moves that wait for a broker which is down, or for a leader.
  std::size_t standing_still() const;
  // Voters of the quorum that its leader has not heard for a while.
  std::vector<BrokerId> silent() const;
  bool healthy() const;
  // What is wrong, the worst first.
  std::vector<Trouble> troubles() const;
};

// No topics: all of them, the cluster's own too.
enum class Moves : std::uint8_t { kToo, kLeftOut };
Task<Result<std::vector<PartitionState>>> look_at_partitions(admin::Client& client, std::vector<std::string> topics,
                                                             Moves moves = Moves::kToo);
Task<Result<ClusterState>> look_at_cluster(admin::Client& client);

// cluster_report.cc
Report summary_of(const ClusterState& state);   // a row: what `cluster health` says first
Report identity_of(const ClusterState& state);  // a row: what `cluster describe` says first
Report nodes_of(const ClusterState& state);     // a row each
Report troubles_of(const ClusterState& state);  // a row each
Report partitions_in(const std::vector<const PartitionState*>& partitions);  // a row each
// JSON: the only row of `first` as an object, with the rows of others under names of their own.
std::string one_object(const Report& first, const std::vector<std::pair<std::string, Report>>& more);

}  // namespace thalweg::cli
