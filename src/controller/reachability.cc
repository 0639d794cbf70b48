#include "controller/reachability.h"

#include <algorithm>

namespace thalweg::controller {

void Reachability::on_beat(BrokerId from, const std::vector<BrokerId>& unreachable) {
  if (unreachable.empty())
    missed_by_.erase(from);
  else
    missed_by_[from] = {unreachable.begin(), unreachable.end()};
}

bool Reachability::misses(BrokerId from, BrokerId id) const {
  const auto at = missed_by_.find(from);
  return at != missed_by_.end() && at->second.contains(id);
}

bool Reachability::cut_off(BrokerId id, const metadata::Image& image) const {
  std::size_t others = 0, miss_it = 0, missed = 0;
  for (const auto& [other, broker] : image.brokers()) {
    if (other == id || !broker.active()) continue;
    ++others;
    miss_it += misses(other, id);
    missed += misses(id, other);
  }
  return miss_it >= 2 && 2 * miss_it > others && 2 * missed < others;
}

bool Reachability::look(const metadata::Image& image, Instant now) {
  if (missed_by_.empty() && since_.empty() && avoided_.empty()) return false;
  const auto before = avoided_;
  std::erase_if(avoided_, [&](BrokerId id) { return !image.broker(id); });
  std::erase_if(since_, [&](const auto& entry) { return !image.broker(entry.first); });
  for (const auto& [id, broker] : image.brokers()) {
    const bool avoided = avoided_.contains(id);
    if (cut_off(id, image) == avoided) {  // as it was
      since_.erase(id);
      continue;
    }
    const Instant since = since_.try_emplace(id, now).first->second;
    if (now - since < (avoided ? kClearFor : kUnreachableFor)) continue;
    since_.erase(id);
    if (avoided)
      avoided_.erase(id);
    else
      avoided_.insert(id);
  }
  return avoided_ != before;
}

}  // namespace thalweg::controller
