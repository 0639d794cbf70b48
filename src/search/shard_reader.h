// Reads one window of a partition and has it looked at: the part of a search that runs where the data is.
//
// Nothing is held between two windows. The shard itself finds the place and copies what the page cache has, a window at
// a time; other bytes are read by the disk's helpers, and batches are unpacked and looked at by threads of a lower
// priority than the shards' (runtime/workers.h).
//
// Owner: the shard of the partitions.
#pragma once

#include "replica/partitions.h"
#include "search/window_look.h"

namespace thalweg::search {

struct EdgeWish {
  replica::PartitionKey key;
  Order order = Order::kNewestFirst;
  replica::Isolation isolation = replica::Isolation::kLastStable;
  Offset begin, end;
};

class ShardReader {
 public:
  // All outlive it. `memory` is what clients' requests take on this shard: a window waits for its share.
  ShardReader(const Shard& shard, replica::Partitions& partitions, Budget& memory, Workers& workers)
      : shard_(shard), partitions_(partitions), memory_(memory), workers_(workers) {}
  ShardReader(const ShardReader&) = delete;

  const Shard& shard() const { return shard_; }
  // Any replica here answers, up to what is committed. Errors are those of Partition::read.
  Task<Result<Looked>> look(ReadWish wish);
  // The time at the end that is looked at first, as the batch there says it; nothing: it has none. REQUIRES: begin <
  // end
  Task<Result<std::optional<Timestamp>>> edge_time(EdgeWish wish);

 private:
  Task<Result<Batches>> read(replica::PartitionKey key, replica::Isolation isolation, std::size_t bytes, Offset from,
                             Offset below);

  const Shard& shard_;
  replica::Partitions& partitions_;
  Budget& memory_;
  Workers& workers_;
};

}  // namespace thalweg::search
