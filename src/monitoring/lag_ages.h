// Lag in seconds: how old the oldest record is that a group has not read. Its time is the record's own, looked up in
// the log at the committed offset: one batch is read, and walked up to that record; of one larger than kBatchMax the
// time of its first record stands for it.
//
// A look-up may wait for the disk, so a scrape makes at most kLookupsMax of them, and what was found is kept for as
// long as the same offset stays committed: a group that stands still costs one look-up in all, one that keeps up none,
// and one that moves and lags one a scrape and partition. Owner: shard 0; the reading happens on the partition's shard.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "base/time.h"
#include "base/types.h"
#include "monitoring/sliced_map.h"
#include "replica/partitions.h"

namespace thalweg::broker {
class Broker;
class BrokerShard;
}  // namespace thalweg::broker

namespace thalweg::monitoring {

// When the first record at or above `from` was written, by its own timestamp; nothing where there is none that readers
// may see, or it has no time. On the partition's shard.
Task<Result<std::optional<Timestamp>>> time_of_first_unread(replica::PartitionPtr partition, Offset from);

class LagAges {
 public:
  static constexpr std::size_t kLookupsMax = 500;
  static constexpr std::size_t kBatchMax = 1u << 20;  // bytes

  explicit LagAges(broker::Broker& broker) : broker_(broker) {}

  struct Position {
    replica::PartitionKey partition;
    Offset committed;
    friend bool operator==(const Position&, const Position&) = default;
  };
  // By blocks, so that none of a hundred thousand is moved when one is added.
  using Positions = std::deque<Position>;
  // In the order of `positions`, the time of the first record there; nothing where it is not known. What a pass does
  // not ask for is forgotten.
  struct Found {
    std::deque<std::optional<Timestamp>> times;
    std::size_t left_out = 0;
  };
  Task<Found> find(Positions positions);

 private:
  struct Hash {
    std::size_t operator()(const Position& p) const noexcept {
      return std::hash<Uuid>()(p.partition.topic_id) ^
             (std::size_t(p.partition.partition.value) * 0x9e3779b97f4a7c15ULL + std::size_t(p.committed.value));
    }
  };
  using Known = SlicedMap<Position, Timestamp, Hash>;

  broker::Broker& broker_;
  Known known_;  // of the last pass; looked up only
};

}  // namespace thalweg::monitoring
