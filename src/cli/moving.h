// Moves of replicas that are under way: what is copied already, and when they are done. Private to partition move.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "cli/command.h"
#include "cli/partition_plan.h"

namespace thalweg::cli {

using Sizes = std::map<TopicPartition, std::int64_t>;

// What the leaders have on disk of these partitions; without those of leaders that do not say.
Task<Sizes> sizes_on_leaders(admin::Client& client, std::vector<PartitionState> partitions);

class Moving {
 public:
  Moving(Session session, std::vector<PlannedMove> moves, Sizes sizes)
      : session_(session), moves_(std::move(moves)), sizes_(std::move(sizes)) {}

  // Shows a bar to who looks on. False when the user wants to stop: the moves go on.
  Task<Result<bool>> wait();
  // Once, to know which are pending.
  Task<Result<>> look();
  bool is_pending(const TopicPartition& tp) const { return pending_.contains(tp); }

 private:
  // Of all that is copied, so far.
  Task<std::int64_t> copied();
  std::int64_t size_of(const TopicPartition& tp) const;
  std::int64_t to_copy() const;
  std::string text(std::int64_t copied) const;

  const Session session_;
  const std::vector<PlannedMove> moves_;
  const Sizes sizes_;
  std::set<TopicPartition> pending_;
};

}  // namespace thalweg::cli
