#include "replica/replication_throttle.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::replica {
namespace {

// A rate that is raised is seen within that.
constexpr Instant kLookAgain = std::chrono::milliseconds(500);
// Many who wait for the same moment are not looked at one by one.
constexpr Instant kLookAgainMin = std::chrono::milliseconds(1);

}  // namespace

ReplicationThrottle::ReplicationThrottle(const std::vector<const Shard*>& shards, Instant window) {
  for (const Shard* shard : shards) {
    CHECK(shard->id == parts_.size());
    parts_.push_back(std::make_shared<Part>(Part{*shard, replication::ReplicationQuota(window)}));
  }
}

void ReplicationThrottle::set_rate(std::int64_t bytes_per_second) {
  for (const auto& part : parts_)
    part->shard.post([part, bytes_per_second] { part->quota.set_rate(bytes_per_second, part->shard.clock.now()); });
}

Instant ReplicationThrottle::look_again_at(const Shard& here) const {
  const Instant now = here.clock.now();
  return std::clamp(part(here).quota.free_at(), now + kLookAgainMin, now + kLookAgain);
}

void ReplicationThrottle::record(const Shard& here, std::size_t bytes) {
  if (part(here).quota.rate() == kUnlimited) return;
  for (const auto& part : parts_) {
    if (&part->shard == &here)
      part->quota.record(bytes, here.clock.now());
    else
      part->shard.post([part, bytes] { part->quota.record(bytes, part->shard.clock.now()); });
  }
}

}  // namespace thalweg::replica
