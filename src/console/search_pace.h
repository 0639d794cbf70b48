// How much of the time searches take: all that there is while no client produces or reads records, and a quarter of it
// while some do, in windows that are small then. What a search reads takes time of shards and of the processor's
// caches, which a lower priority of the threads that look at it does not give back.
//
// Owner: shard 0.
#pragma once

#include <vector>

#include "broker/broker.h"
#include "runtime/shard.h"
#include "search/limits.h"

namespace thalweg::console {

// Between two windows of a search that shares the machine with clients, when one took so long and so many searches run.
Instant rest_after(Instant took, std::size_t searches);

// How much of a log a search looks at in one go. Alone a search takes large windows, which cost it least. Beside
// clients a window is as large as is looked at in about a millisecond: a mebibyte that is packed can be fifteen of
// records, and a thread that runs on for so long makes others wait at each of the steps that a request has.
//
// Owner: one search.
class WindowSize {
 public:
  static constexpr Instant kAim = std::chrono::milliseconds(1);

  std::size_t bytes(bool clients_are_served) const { return clients_are_served ? shared_ : search::kWindowBytes; }
  // The last window, beside clients.
  void took(Instant time);

 private:
  std::size_t shared_ = search::kWindowBytesMin;
};

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
