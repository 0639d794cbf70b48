// Counters of one shard, summed by whoever reads them. Owner: the shard.
#pragma once

#include <cstdint>

namespace thalweg::broker {

struct ShardMetrics {
  std::uint64_t requests = 0;
  std::uint64_t records_appended_bytes = 0;
  std::uint64_t fetched_bytes = 0;
  std::uint64_t connections = 0;  // open now
};

}  // namespace thalweg::broker
