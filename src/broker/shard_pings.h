// Whether the shards of a process answer: one whose thread hangs, in a write that does not return for example, serves
// nobody. Owner: one shard; the others only answer.
#pragma once

#include <memory>
#include <vector>

#include "runtime/shard.h"

namespace thalweg::broker {

class ShardPings {
 public:
  explicit ShardPings(const Shard& home) : home_(home) {}

  // Who is asked from now on; they outlive this. Those that `home` is one of answer by being here.
  void watch(const std::vector<const Shard*>& shards);
  // Asks everybody who has answered the question before.
  void ask();
  // Nobody is silent for kSilentAfter.
  bool all_answer() const;

  static constexpr Instant kSilentAfter = std::chrono::seconds(2);

 private:
  struct Ping {
    const Shard* shard;
    Instant asked{0};
    bool answered = true;
  };
  const Shard& home_;
  std::vector<std::shared_ptr<Ping>> pings_;
};

}  // namespace thalweg::broker
