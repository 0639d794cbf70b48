#include "replica/resting_fetch.h"

#include <utility>

#include "replica/partitions.h"

namespace thalweg::replica {

void RestingFetch::heard(Instant now) { heard_ = std::max(heard_, now); }

void RestingFetch::rest(const Partitions& partitions, const std::vector<Told>& told) {
  for (const Told& one : told) {
    const auto partition = partitions.find(one.key);
    if (!partition || !partition->rest(*this, one.position, one.stamp)) {
      stirred_(one.key);
      continue;
    }
    partitions_.insert_or_assign(one.key, partition);
    silence_max_ = partition->times().silence_max;
  }
  watch();
}

void RestingFetch::forget(const PartitionKey& key) {
  const auto found = partitions_.find(key);
  if (found == partitions_.end()) return;
  const auto partition = found->second;
  partition->stir(*this);
}

void RestingFetch::end() {
  const auto self = shared_from_this();
  while (!partitions_.empty()) {
    const auto partition = partitions_.begin()->second;
    partition->stir(*this);
  }
}

void RestingFetch::stirred(const PartitionKey& key) {
  stirred_(key);
  leave(key);
}

void RestingFetch::leave(const PartitionKey& key) {
  partitions_.erase(key);
  if (!partitions_.empty()) return;
  timer_.reset();
  const auto self = std::move(self_);  // may be the last one
}

void RestingFetch::watch() {
  if (timer_ || partitions_.empty()) return;
  self_ = shared_from_this();
  timer_ = shard_.clock.call_at(heard_ + silence_max_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void RestingFetch::look() {
  timer_.reset();
  if (shard_.clock.now() < heard_ + silence_max_) return watch();
  end();
}

}  // namespace thalweg::replica
