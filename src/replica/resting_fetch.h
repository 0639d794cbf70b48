// The partitions of a follower's fetch session of which there is nothing new: they rest. Its fetches go on, name none
// of them and look at none of them; here is noted when it asked last, which stands for all. So a fetch costs what has
// changed, however many partitions its session has.
//
// A partition that rests is stirred, once, by whatever its follower is to be told of: records, another high watermark
// or start, another role, an image. It is then read by each fetch again, until there is nothing new of it. When the
// follower asks for nothing for silence_max all of them are stirred, and each leader judges by when it asked last (R7).
//
// Owner: the shard of the partitions; made by whoever has the session, who hands it over and calls it there. It holds
// itself while anything rests, so a session may go without a word. Invariant: a partition is among them here exactly
// while it lists this (Partition::rest, Partition::stir).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "replica/partition_key.h"
#include "runtime/shard.h"

namespace thalweg::replica {

class Partition;
class Partitions;

class RestingFetch : public std::enable_shared_from_this<RestingFetch> {
 public:
  // `stirred` is called on this shard, and may not call back.
  using Stirred = std::function<void(const PartitionKey&)>;
  RestingFetch(const Shard& shard, BrokerId follower, std::int64_t broker_epoch, Stirred stirred)
      : shard_(shard), follower_(follower), broker_epoch_(broker_epoch), stirred_(std::move(stirred)) {}
  RestingFetch(const RestingFetch&) = delete;

  BrokerId follower() const { return follower_; }
  std::int64_t broker_epoch() const { return broker_epoch_; }
  Instant heard_at() const { return heard_; }
  std::size_t size() const { return partitions_.size(); }

  // The follower has asked, at `now`, for all that its session has.
  void heard(Instant now);
  // What was told of a partition: up to where the follower reads, and as of which Partition::stamp().
  struct Told {
    PartitionKey key;
    Offset position;
    std::uint64_t stamp = 0;
  };
  // These rest from now on; one that has moved on since, or is not here any more, is stirred at once.
  void rest(const Partitions& partitions, const std::vector<Told>& told);
  // The follower does not ask for this one any more.
  void forget(const PartitionKey& key);
  // Nothing rests any more.
  void end();

 private:
  friend class Partition;  // it alone knows when it is stirred
  void stirred(const PartitionKey& key);
  void leave(const PartitionKey& key);
  void watch();
  void look();

  const Shard& shard_;
  const BrokerId follower_;
  const std::int64_t broker_epoch_;
  const Stirred stirred_;
  std::map<PartitionKey, std::shared_ptr<Partition>> partitions_;
  Instant heard_{};
  Instant silence_max_{};                // of the partitions
  std::unique_ptr<Clock::Timer> timer_;  // while there are any
  std::shared_ptr<RestingFetch> self_;   // as long
};

}  // namespace thalweg::replica
