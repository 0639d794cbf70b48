// How much of the time searches take: all that there is while no client produces or reads records, and a quarter of it
// while some do. What a search reads takes time of shards and of the processor's caches, which a lower priority of the
// threads that look at it does not give back.
//
// Owner: shard 0.
#pragma once

#include <vector>

#include "broker/broker.h"
#include "runtime/shard.h"

namespace thalweg::console {

// Between two windows of a search that shares the machine with clients, when one took so long and so many searches run.
Instant rest_after(Instant took, std::size_t searches);

class SearchPace {
 public:
  static constexpr Instant kLooksEvery = std::chrono::milliseconds(100);
  static constexpr std::uint64_t kReadsOfNote = 64u << 10;  // bytes to consumers in that time; long polls send fewer

  // The broker outlives it.
  explicit SearchPace(broker::Broker& broker);
  SearchPace(const SearchPace&) = delete;

  // Whether clients have produced or read records lately, on any shard.
  Task<bool> clients_are_served();

 private:
  struct Served {
    std::uint64_t produces = 0, bytes_read = 0;
  };
  // Owner: that shard. Lives as long as the pace, since who asked may be gone before it has answered.
  struct OfShard {
    const Shard& shard;
    Served served();
  };
  Task<Served> served();

  const Shard& shard_;
  std::vector<OfShard> shards_;
  Instant looked_{};
  Served before_;
  bool are_served_ = false;
};

}  // namespace thalweg::console
