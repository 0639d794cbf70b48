#include "replica/fetchers.h"

#include <utility>

namespace thalweg::replica {

Fetchers::Fetchers(const Shard& shard, FetchLinks links, FetcherOptions options)
    : shard_(shard), links_(std::move(links)), options_(options) {}

void Fetchers::follow(const PartitionKey& key, const PartitionPtr& partition) {
  if (stopped_ || partition->leader() == links_.self || partition->leader() == kNoBroker) return leave(key);
  const Place place{partition->leader(), partition->in_isr() ? Lane::kLive : Lane::kCatchUp};
  const auto known = places_.find(key);
  if (known != places_.end() && known->second != place) leave(key);
  places_[key] = place;
  auto& fetcher = fetchers_[place];
  if (!fetcher) {
    fetcher = std::make_shared<Fetcher>(shard_, place.leader, place.lane, links_, options_);
    spawn(shard_, Fetcher::run(fetcher));
  }
  fetcher->follow(key, partition);
}

// A lane without partitions has no connection.
void Fetchers::leave(const PartitionKey& key) {
  const auto place = places_.extract(key);
  if (!place) return;
  const auto fetcher = fetchers_.find(place.mapped());
  fetcher->second->leave(key);
  if (!fetcher->second->empty()) return;
  fetcher->second->stop();
  fetchers_.erase(fetcher);
}

void Fetchers::stop() {
  stopped_ = true;
  for (const auto& [place, fetcher] : std::exchange(fetchers_, {})) fetcher->stop();
  places_.clear();
}

}  // namespace thalweg::replica
