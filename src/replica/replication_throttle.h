// One rate that all shards of a broker share (KIP-73): what leaders send to throttled replicas, or what throttled
// replicas fetch. Each shard has the whole count and looks at its own; what one takes it tells the others, which know
// it a moment later. So a piece too many may pass, and is paid for all the same.
//
// Owner: each shard its own part; made on any.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "replication/replication_quota.h"
#include "runtime/shard.h"

namespace thalweg::replica {

class ReplicationThrottle {
 public:
  static constexpr std::int64_t kUnlimited = replication::ReplicationQuota::kUnlimited;

  // `window`: see ReplicationQuota.
  ReplicationThrottle(const std::vector<const Shard*>& shards, Instant window);

  // From any shard; in force on each a moment later. Bytes per second.
  void set_rate(std::int64_t bytes_per_second);

  // The rest on `here`, for what is done there.

  bool is_exceeded(const Shard& here) const { return part(here).quota.is_exceeded(here.clock.now()); }
  // From when on it is worth another look: more may be taken then, or the rate may be another. Later than now.
  Instant look_again_at(const Shard& here) const;
  void record(const Shard& here, std::size_t bytes);

 private:
  struct Part {
    const Shard& shard;
    replication::ReplicationQuota quota;
  };
  Part& part(const Shard& here) const { return *parts_.at(here.id); }

  std::vector<std::shared_ptr<Part>> parts_;  // by shard
};

}  // namespace thalweg::replica
