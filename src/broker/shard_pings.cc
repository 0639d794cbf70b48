#include "broker/shard_pings.h"

#include <algorithm>

namespace thalweg::broker {

void ShardPings::watch(const std::vector<const Shard*>& shards) {
  pings_.clear();
  for (const Shard* shard : shards)
    if (shard->executor != home_.executor) pings_.push_back(std::make_shared<Ping>(Ping{.shard = shard}));
}

void ShardPings::ask() {
  for (const auto& ping : pings_) {
    if (!std::exchange(ping->answered, false)) continue;
    ping->asked = home_.clock.now();
    ping->shard->post([ping, home = &home_] { home->post([ping] { ping->answered = true; }); });
  }
}

bool ShardPings::all_answer() const {
  const Instant now = home_.clock.now();
  return std::ranges::all_of(pings_,
                             [now](const auto& ping) { return ping->answered || now - ping->asked < kSilentAfter; });
}

}  // namespace thalweg::broker
