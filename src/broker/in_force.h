// Which index of the metadata log is in force on every broker that counts: what a client was told of can then be used
// at whichever broker it asks next. Pure.
//
// Those count that are unfenced. One that has been behind for kPatience is left out, until it has caught up once with
// all that is known: a slow broker costs the first of many changes half a second, and the others nothing.
//
// Owner: shard 0 of the node that leads the quorum.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "base/time.h"
#include "base/types.h"
#include "metadata/image.h"

namespace thalweg::broker {

class InForce {
 public:
  // `self` does not count: whoever asks waits for its own node without this class, and without its bound.
  explicit InForce(BrokerId self) : self_(self) {}

  // The broker says that it shows `index` to its clients. May come late, twice, and from whomever.
  void on_published(BrokerId broker, Offset index);
  // What is committed from now on.
  void on_committed(Offset index, Instant now);
  // Who counts. A broker that registers anew begins with nothing.
  void on_image(const metadata::Image& image);
  // Forgets everybody: another leadership begins.
  void reset();

  // The newest committed index when all that count have it; never more than what is committed.
  Offset reached(Instant now);
  // Whether anybody counts.
  bool others() const;

  static constexpr Instant kPatience = std::chrono::milliseconds(500);
  // Commits within so long are one mark, so that there are never many.
  static constexpr Instant kGrain = std::chrono::milliseconds(10);

 private:
  struct Broker {
    std::int64_t epoch = -1;
    Offset published{0};
    bool counts = false;  // is unfenced
    bool left_out = false;
  };

  const BrokerId self_;
  std::map<BrokerId, Broker> brokers_;            // all that are registered
  Offset committed_{0}, overdue_{0};              // overdue: what everybody should have by now
  std::deque<std::pair<Instant, Offset>> marks_;  // when what was committed, the newest last
};

}  // namespace thalweg::broker
