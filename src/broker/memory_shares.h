// How the memory for requests in flight and their answers is shared out: queued.max.request.bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config/broker_config.h"

namespace thalweg::broker {

struct MemoryShares {
  std::size_t of_a_shard = 0;       // for what its connections send
  std::size_t of_large_frames = 0;  // of all shards together
  std::size_t large_from = 0;       // frames of more bytes than this are large
};

// One half is for large frames. The other half is shared out to the shards, so that no large request keeps small ones
// waiting.
MemoryShares memory_shares(const config::BrokerConfig& config, std::size_t shards);

// What a machine that has so many bytes gives to requests where queued.max.request.bytes does not say: at most 256 MiB
// up to 24 GiB, a hundredth of larger machines, at most an eighth of small ones. What a server takes for all requests
// together stays below twice as much and the largest frame.
std::int64_t default_request_memory(std::uint64_t machine_bytes);

}  // namespace thalweg::broker
