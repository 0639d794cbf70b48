#include "replication/replication_quota.h"

#include <algorithm>

namespace thalweg::replication {
namespace {

constexpr double kNanosASecond = 1e9;
// Nobody waits that long, and sums of it are still moments.
constexpr double kLongestNanos = 3e17;

}  // namespace

Instant ReplicationQuota::time_for(double bytes) const {
  if (rate_ == kUnlimited || bytes <= 0) return Instant(0);
  const double nanos = rate_ == 0 ? kLongestNanos : bytes / double(rate_) * kNanosASecond;
  return Instant(std::int64_t(std::min(nanos, kLongestNanos)));
}

void ReplicationQuota::set_rate(std::int64_t bytes_per_second, Instant now) {
  if (bytes_per_second == rate_) return;
  double owed = 0;
  if (rate_ != kUnlimited && rate_ != 0 && paid_at_ > now)
    owed = double((paid_at_ - now).count()) / kNanosASecond * double(rate_);
  rate_ = bytes_per_second;
  // Nothing is saved up yet: the first second is no faster than the others.
  paid_at_ = later(now, time_for(owed));
}

void ReplicationQuota::record(std::uint64_t bytes, Instant now) {
  if (rate_ == kUnlimited || rate_ == 0) return;
  paid_at_ = later(std::max(paid_at_, now - window_), time_for(double(bytes)));
}

Instant ReplicationQuota::free_at() const {
  if (rate_ == kUnlimited) return Instant::min();
  return rate_ == 0 ? Instant::max() : paid_at_;
}

}  // namespace thalweg::replication
