// What the leader of a partition asks the controller for.
#pragma once

#include "replica/partition_key.h"
#include "replication/replication.h"

namespace thalweg::replica {

struct IsrProposal {
  PartitionKey key;
  replication::Replication::Wanted wanted;
};

}  // namespace thalweg::replica
