#include "broker/fetch_wait.h"

#include <map>
#include <memory>

#include "broker/broker.h"
#include "broker/broker_shard.h"

namespace thalweg::broker {
namespace {

using Registrations = std::vector<std::unique_ptr<Watermark::Registration>>;

// The listeners of one wait on one shard; made, called and destroyed there.
struct Listening {
  Registrations registrations;
};

// Rings the bell of the waiting coroutine on its own shard, from wherever it is called.
struct Bell {
  const Shard& home;
  OneShot<bool> rung;
  void ring() const {
    home.post([bell = rung] { bell.set(true); });
  }
};

void listen(BrokerShard& owner, replica::Isolation isolation, const std::vector<FetchWait::Partition>& partitions,
            Listening& listening, const Bell& bell) {
  for (const auto& wanted : partitions) {
    const auto partition = owner.partitions.find(wanted.key);
    if (!partition) {
      bell.ring();
      return;
    }
    listening.registrations.push_back(partition->once_readable(isolation, wanted.seen, [bell] { bell.ring(); }));
    if (wanted.committed_seen)
      listening.registrations.push_back(partition->once_readable(replica::Isolation::kHighWatermark,
                                                                 *wanted.committed_seen, [bell] { bell.ring(); }));
  }
}

}  // namespace

Task<bool> FetchWait::any_readable(BrokerShard& here, replica::Isolation isolation, std::vector<Partition> partitions,
                                   Instant deadline, bool gives_way, StopSignal* superseded, StopSignal* stirred) {
  std::map<unsigned, std::vector<Partition>> by_shard;
  for (auto& partition : partitions) by_shard[partition.shard].push_back(partition);

  const Bell bell{here.shard, {}};
  std::vector<std::pair<BrokerShard*, std::shared_ptr<Listening>>> all;
  for (auto& [shard, wanted] : by_shard) {
    auto& owner = *here.broker.shards()[shard];
    auto listening = std::make_shared<Listening>();
    all.emplace_back(&owner, listening);
    if (&owner == &here) {
      listen(owner, isolation, wanted, *listening, bell);
    } else {
      owner.shard.post([&owner, isolation, wanted = std::move(wanted), listening, bell] {
        listen(owner, isolation, wanted, *listening, bell);
      });
    }
  }
  const OneShot<bool> woken = bell.rung;
  const auto timer = here.shard.clock.call_at(deadline, [woken] { woken.set(false); });
  const auto stop = here.stopping.once_given([woken] { woken.set(false); });
  const auto next =
      superseded ? superseded->once_given([woken] { woken.set(false); }) : std::unique_ptr<StopSignal::Registration>();
  const auto more =
      stirred ? stirred->once_given([woken] { woken.set(true); }) : std::unique_ptr<StopSignal::Registration>();
  const auto shortage =
      gives_way ? here.memory.once_short([woken] { woken.set(false); }) : std::unique_ptr<Budget::Registration>();
  const bool readable = co_await woken.wait();
  // Listeners go where they were made; posts to one shard keep their order, so this comes after they were registered.
  for (auto& [owner, listening] : all) {
    if (owner == &here)
      listening->registrations.clear();
    else
      owner->shard.post([listening = std::move(listening)] { listening->registrations.clear(); });
  }
  co_return readable;
}

}  // namespace thalweg::broker
