// Waiting for any of many partitions on several shards, as a long-polling Fetch does.
#pragma once

#include <vector>

#include "broker/broker_shard.h"
#include "replica/partitions.h"
#include "runtime/task.h"

namespace thalweg::broker {

class FetchWait {
 public:
  struct Partition {
    unsigned shard;
    replica::PartitionKey key;
    Offset seen;  // what the reader has been told of
  };
  // True as soon as one partition has more to read than `seen`, or has lost its leader; false at the deadline. Called
  // on `here`.
  static Task<bool> any_readable(BrokerShard& here, replica::Isolation isolation, std::vector<Partition> partitions,
                                 Instant deadline);
};

}  // namespace thalweg::broker
