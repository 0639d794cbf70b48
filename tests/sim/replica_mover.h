// Somebody who moves replicas (AlterPartitionReassignments, KIP-455): those of any partition to two or three of the
// brokers, the first of them to lead, also while another move of it is under way, and at the end to all brokers.
#pragma once

#include <string>
#include <vector>

#include "leader_route.h"

namespace thalweg::simulation {

class ReplicaMover {
 public:
  ReplicaMover(const Shard& shard, History& history, int moves)
      : shard_(shard), history_(history), route_(shard), moves_(moves) {}

  Task<> run();
  bool done() const { return done_; }
  int answered() const { return answered_; }
  const std::string& last_error() const { return last_error_; }

 private:
  std::vector<BrokerId> all_shuffled() const;
  // Until a controller has taken it.
  Task<> move(PartitionId partition, std::vector<BrokerId> replicas);
  Task<Result<>> ask(PartitionId partition, std::vector<BrokerId> replicas);

  const Shard& shard_;
  History& history_;
  ToTheLeader route_;
  const int moves_;
  int answered_ = 0;
  bool done_ = false;
  std::string last_error_;
};

}  // namespace thalweg::simulation
