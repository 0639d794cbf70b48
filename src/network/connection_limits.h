// How many connections a broker may have, counted over all its shards: max.connections and max.connections.per.ip.
// Owner: one shard; the servers of the others reach it through owner().
#pragma once

#include <deque>
#include <map>
#include <string>

#include "runtime/shard.h"

namespace thalweg::network {

class ConnectionLimits {
 public:
  ConnectionLimits(const Shard& owner, std::size_t total, std::size_t per_ip)
      : owner_(owner), total_(total), per_ip_(per_ip) {}

  const Shard& owner() const { return owner_; }
  // Waits until there is room for one more, first come first served: whoever is beyond the limit stays in the kernel's
  // queue, as with Kafka. False when the address has all that it may have, or after close().
  Task<bool> admit(std::string ip);
  // REQUIRES: it was admitted
  void release(std::string ip);
  // Nobody is admitted any more, and nobody waits.
  void close();

 private:
  void pass_on();

  const Shard& owner_;
  const std::size_t total_, per_ip_;
  std::size_t taken_ = 0;                     // below total_ only while nobody waits
  std::map<std::string, std::size_t> by_ip_;  // those that have any
  std::deque<OneShot<bool>> waiting_;
  bool closed_ = false;
};

}  // namespace thalweg::network
