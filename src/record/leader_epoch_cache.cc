#include "record/leader_epoch_cache.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::record {

bool LeaderEpochCache::assign(LeaderEpoch epoch, Offset start) {
  CHECK(epoch.value >= 0 && start.value >= 0);
  // The same epoch goes on: nothing to say, unless it turns out to begin earlier.
  if (!entries_.empty() && entries_.back().epoch == epoch && entries_.back().start_offset <= start) return false;
  while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start_offset >= start))
    entries_.pop_back();
  entries_.push_back({epoch, start});
  return true;
}

EpochEnd LeaderEpochCache::end_offset_for(LeaderEpoch requested, Offset log_end) const {
  if (requested == kNoLeaderEpoch || entries_.empty()) return {};
  if (requested == entries_.back().epoch) return {requested, log_end};
  const auto higher = std::ranges::upper_bound(entries_, requested, {}, &EpochEntry::epoch);
  if (higher == entries_.end()) return {};
  if (higher == entries_.begin()) return {requested, higher->start_offset};
  return {std::prev(higher)->epoch, higher->start_offset};
}

std::optional<LeaderEpoch> LeaderEpochCache::epoch_at(Offset offset) const {
  const auto after = std::ranges::upper_bound(entries_, offset, {}, &EpochEntry::start_offset);
  if (after == entries_.begin()) return std::nullopt;
  return std::prev(after)->epoch;
}

std::optional<EpochEntry> LeaderEpochCache::latest() const {
  return entries_.empty() ? std::nullopt : std::optional(entries_.back());
}

std::optional<LeaderEpoch> LeaderEpochCache::previous(LeaderEpoch epoch) const {
  const auto at = std::ranges::lower_bound(entries_, epoch, {}, &EpochEntry::epoch);
  if (at == entries_.begin()) return std::nullopt;
  return std::prev(at)->epoch;
}

bool LeaderEpochCache::truncate_from_end(Offset end) {
  const std::size_t before = entries_.size();
  while (!entries_.empty() && entries_.back().start_offset >= end) entries_.pop_back();
  return entries_.size() != before;
}

bool LeaderEpochCache::truncate_from_start(Offset start) {
  const auto after = std::ranges::upper_bound(entries_, start, {}, &EpochEntry::start_offset);
  if (after == entries_.begin()) return false;
  const auto first = std::prev(after);  // the epoch that `start` lies in stays, and begins there now
  if (first == entries_.begin() && first->start_offset == start) return false;
  first->start_offset = start;
  entries_.erase(entries_.begin(), first);
  return true;
}

}  // namespace thalweg::record
