// Memory for frames that are too large for one shard's share of it: counted over all shards of a process, so that what
// they take together has a bound that does not grow with the number of shards.
//
// A claim is for the whole frame before its bytes are read. Who stops sending in the middle holds up others that wait
// for a claim, and only those; Server closes such a connection (see stalled connections there).
// Owner: one shard; the servers of the others reach it through claim() and is_wanted().
#pragma once

#include <memory>

#include "runtime/budget.h"
#include "runtime/shard.h"

namespace thalweg::network {

class LargeFrames {
 public:
  LargeFrames(const Shard& owner, std::size_t bytes) : owner_(owner), budget_(bytes) {}

  // Given back when the last copy dies, on whichever shard that is: it goes where the frame's bytes go.
  using Claim = std::shared_ptr<const void>;
  // From any shard. Waits, first come first served, until so much is left; see Budget::admit().
  Task<Claim> claim(std::size_t bytes);
  // From any shard: whether somebody waits.
  Task<bool> is_wanted();

  // On the owner.
  const Budget& budget() const { return budget_; }

 private:
  Task<Charge> admit(std::size_t bytes) { return budget_.admit(bytes); }
  bool is_short() const { return budget_.is_short(); }

  const Shard& owner_;
  Budget budget_;
};

}  // namespace thalweg::network
