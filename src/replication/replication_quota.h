// How many bytes a second what it counts may take, as replication throttles ask for it (KIP-73). What was taken is paid
// for by the time that follows: more may be taken once it is. So a large piece is no error, it makes the next one come
// later, and over any time that is longer than a window no more passes than rate * time, a window's worth and one
// piece.
//
// A pure machine; time is an argument. Each shard of a broker has one, and they hear of one another
// (replica::ReplicationThrottle).
// Source: KIP-73; where Kafka takes the mean of eleven windows (ReplicationQuotaManager), this keeps one moment.
#pragma once

#include <cstdint>
#include <limits>

#include "base/time.h"

namespace thalweg::replication {

class ReplicationQuota {
 public:
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  // `window`: for how long at most a rate that nobody uses is saved up.
  explicit ReplicationQuota(Instant window) : window_(window) {}

  // In bytes per second, 0 or more. What is owed stays owed, and is paid for at the new rate.
  void set_rate(std::int64_t bytes_per_second, Instant now);
  std::int64_t rate() const { return rate_; }
  // Taken just now.
  void record(std::uint64_t bytes, Instant now);

  // From when on more may be taken, if nothing is taken meanwhile. Instant::max(): not at this rate.
  Instant free_at() const;
  bool is_exceeded(Instant now) const { return now < free_at(); }

 private:
  Instant time_for(double bytes) const;

  const Instant window_;
  std::int64_t rate_ = kUnlimited;
  Instant paid_at_{};  // when all that was taken is paid for
};

}  // namespace thalweg::replication
