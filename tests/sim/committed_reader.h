// Reads committed records alone (isolation level 1), as clients do: what was aborted is left out by the list in the
// answer.
#pragma once

#include <memory>

#include "leader_route.h"
#include "transactions.h"

namespace thalweg::simulation {

// A partition of kTransfers, from its beginning to its end. kUnstableOffsetCommit while a transaction is open there.
Task<Result<Records>> read_committed(const Shard* shard, std::shared_ptr<Route> route, PartitionId partition);
// Follows it for ever, and says what it was given.
Task<> follow_committed(const Shard* shard, Transactions* transactions, std::unique_ptr<Route> route,
                        PartitionId partition);

}  // namespace thalweg::simulation
