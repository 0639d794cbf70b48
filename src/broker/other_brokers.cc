#include "broker/other_brokers.h"

#include <algorithm>
#include <chrono>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "controller/internal_topics.h"
#include "raft/quorum.h"

namespace thalweg::broker {
namespace {

constexpr Instant kOthersWithin = std::chrono::seconds(5), kLookForOthers = std::chrono::milliseconds(50);

Task<> wait_on_first_shard(Broker& broker, std::int16_t wanted) {
  auto& clock = broker.shard0().clock;
  const Instant until = later(clock.now(), kOthersWithin);
  for (;;) {
    const auto image = broker.shards().front()->image();
    const auto known = std::max(image->brokers().size(), broker.quorum().membership().voters.size());
    const auto enough = std::min<std::size_t>(known, std::size_t(std::max<std::int16_t>(wanted, 1)));
    if (std::size_t(controller::possible_replicas(wanted, *image)) >= enough || clock.now() >= until) co_return;
    co_await clock.sleep_for(kLookForOthers);
  }
}

}  // namespace

Task<> wait_for_other_brokers(Broker& broker, std::int16_t wanted) {
  co_await broker.shard0().call(broker, &wait_on_first_shard, wanted);
}

}  // namespace thalweg::broker
