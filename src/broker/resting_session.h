// What rests of one follower's fetch session, where its partitions are: a replica::RestingFetch on each of their
// shards. Owner: the connection's shard; the others hear of it by post, which keeps the order.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "replica/resting_fetch.h"

namespace thalweg::broker {

class BrokerShard;

class RestingSession {
 public:
  using Told = replica::RestingFetch::Told;
  // `stirred` is called on `here`, later.
  RestingSession(BrokerShard& here, BrokerId follower, std::int64_t broker_epoch,
                 replica::RestingFetch::Stirred stirred);
  RestingSession(const RestingSession&) = delete;

  std::int64_t broker_epoch() const { return broker_epoch_; }
  // The follower asks for all that rests, too. `any`: something does, as far as is known here.
  void heard(Instant now, bool any);
  void rest(std::vector<Told> told);
  // Nothing rests any more. Without it what rests is stirred when the follower is missed.
  void end();
  // It does not ask for this one any more.
  void forget(const replica::PartitionKey& key);

 private:
  using RestingFetchPtr = std::shared_ptr<replica::RestingFetch>;
  void on(unsigned shard, std::move_only_function<void()> call) const;

  BrokerShard& here_;
  const BrokerId follower_;
  const std::int64_t broker_epoch_;
  const replica::RestingFetch::Stirred stirred_;
  Instant heard_{};
  std::map<unsigned, RestingFetchPtr> by_shard_;
};

}  // namespace thalweg::broker
