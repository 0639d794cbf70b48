// Waiting for any of many partitions on several shards, as a long-polling Fetch does.
#pragma once

#include <optional>
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
    Offset seen;                                // what the reader has been told of
    std::optional<Offset> committed_seen = {};  // of a follower that is told of commits at once
  };
  // True as soon as one partition has more to read than `seen`, or has lost its leader; false at the deadline, when the
  // broker stops, and with `gives_way` as soon as somebody waits for memory: a poll that holds much of it must not do
  // so for as long as its client likes. False also when `superseded` is given, if there is one; true when `stirred` is.
  // Called on `here`.
  static Task<bool> any_readable(BrokerShard& here, replica::Isolation isolation, std::vector<Partition> partitions,
                                 Instant deadline, bool gives_way, StopSignal* superseded = nullptr,
                                 StopSignal* stirred = nullptr);
};

}  // namespace thalweg::broker
