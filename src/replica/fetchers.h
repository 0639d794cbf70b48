// The fetchers of one shard: one for each leader and lane that has partitions. Owner: that shard.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "replica/fetcher.h"

namespace thalweg::replica {

class Fetchers {
 public:
  Fetchers(const Shard& shard, FetchLinks links, FetcherOptions options);
  ~Fetchers() { stop(); }
  Fetchers(const Fetchers&) = delete;

  // Fetches the partition from its leader, or from nobody when this broker leads it or nobody does.
  void follow(const PartitionKey& key, const PartitionPtr& partition);
  void leave(const PartitionKey& key);
  void stop();
  std::size_t size() const { return fetchers_.size(); }

 private:
  struct Place {
    BrokerId leader;
    Lane lane = Lane::kLive;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  const Shard& shard_;
  const FetchLinks links_;
  const FetcherOptions options_;
  bool stopped_ = false;
  std::map<Place, std::shared_ptr<Fetcher>> fetchers_;
  std::map<PartitionKey, Place> places_;
};

}  // namespace thalweg::replica
