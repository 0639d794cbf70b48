// A plan of moves as it is shown, asked about, and told of afterwards. Private to `thalweg partition move` and `cluster
// rebalance`.
#pragma once

#include <vector>

#include "admin/replicas.h"
#include "cli/command.h"
#include "cli/moving.h"

namespace thalweg::cli {

struct MovePlan {
  std::vector<PlannedMove> moves;
  Sizes sizes;

  // To be copied.
  std::int64_t bytes() const;
  Report report() const;
};

// Shows it, and asks a user at a terminal.
Task<Result<>> confirm_plan(Session session, const MovePlan& plan);
// What becomes of each: no rows yet.
Report report_of_moves();
// Where the partitions are now, and what was refused of what was `started`; an error if anything was.
Task<Result<>> show_moved(Session session, std::vector<PlannedMove> moves, const Moving& moving,
                          const admin::PartitionResults& started);
// Takes back the moves under way of these partitions, and tells of each.
Task<Result<>> cancel_moves(Session session, std::vector<PartitionState> partitions);

}  // namespace thalweg::cli
