// Which connections a broker takes, counted over all its shards: max.connections, max.connections.per.ip with its
// overrides, max.connection.creation.rate.
// Owner: one shard; the servers of the others reach it through owner().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "runtime/shard.h"
#include "runtime/stop_signal.h"

namespace thalweg::network {

class ConnectionLimits {
 public:
  struct Bounds {
    std::size_t total = SIZE_MAX, per_ip = SIZE_MAX;
    std::map<std::string, std::size_t> of_ip;  // in place of per_ip; textual addresses, as peers have them
    std::int64_t rate = INT64_MAX;  // new connections per second, after a quiet second as many at once; 0: none at all
  };

  ConnectionLimits(const Shard& owner, Bounds bounds) : owner_(owner), bounds_(std::move(bounds)) {}

  const Shard& owner() const { return owner_; }
  // Waits until there is room for one more, first come first served: whoever is beyond the limit stays in the kernel's
  // queue, as with Kafka. False when the address has all that it may have, or after close().
  Task<bool> admit(std::string ip);
  // REQUIRES: it was admitted
  void release(std::string ip);
  // Nobody is admitted any more, and nobody waits.
  void close();

 private:
  Task<> keep_the_rate();
  bool is_full(const std::string& ip) const;
  void pass_on();

  const Shard& owner_;
  const Bounds bounds_;
  std::size_t taken_ = 0;                     // below the total only while nobody waits
  std::map<std::string, std::size_t> by_ip_;  // those that have any
  std::deque<OneShot<bool>> waiting_;         // for a place
  Instant next_{};                            // when the next one comes at the rate
  StopSignal closed_;
};

}  // namespace thalweg::network
