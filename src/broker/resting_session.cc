#include "broker/resting_session.h"

#include <utility>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/slices.h"

namespace thalweg::broker {

RestingSession::RestingSession(BrokerShard& here, BrokerId follower, std::int64_t broker_epoch,
                               replica::RestingFetch::Stirred stirred)
    : here_(here), follower_(follower), broker_epoch_(broker_epoch), stirred_(std::move(stirred)) {}

void RestingSession::end() {
  for (const auto& [shard, fetch] : by_shard_) on(shard, [fetch] { fetch->end(); });
}

void RestingSession::on(unsigned shard, std::move_only_function<void()> call) const {
  here_.broker.shards()[shard]->shard.post(std::move(call));
}

void RestingSession::heard(Instant now, bool any) {
  heard_ = now;
  if (!any) return;  // rest() says it along
  for (const auto& [shard, fetch] : by_shard_) on(shard, [fetch, now] { fetch->heard(now); });
}

void RestingSession::rest(std::vector<Told> told) {
  std::map<unsigned, std::vector<Told>> by_shard;
  for (const Told& one : told) by_shard[here_.broker.owner_of(one.key).shard.id].push_back(one);
  for (auto& [shard, all] : by_shard) {
    auto& owner = *here_.broker.shards()[shard];
    auto& fetch = by_shard_[shard];
    if (!fetch) {
      fetch = std::make_shared<replica::RestingFetch>(
          owner.shard, follower_, broker_epoch_,
          [&home = here_.shard, stirred = stirred_](const replica::PartitionKey& key) {
            home.post([stirred, key] { stirred(key); });
          });
    }
    for (auto& some : slices(std::move(all), kPartitionsAtOnce))
      on(shard, [&owner, fetch, now = heard_, some = std::move(some)] {
        fetch->heard(now);
        fetch->rest(owner.partitions, some);
      });
  }
}

void RestingSession::forget(const replica::PartitionKey& key) {
  const unsigned shard = here_.broker.owner_of(key).shard.id;
  if (const auto found = by_shard_.find(shard); found != by_shard_.end())
    on(shard, [fetch = found->second, key] { fetch->forget(key); });
}

}  // namespace thalweg::broker
