#include "broker/memory_shares.h"

#include <algorithm>

namespace thalweg::broker {
namespace {
constexpr std::size_t kMiB = 1u << 20;
constexpr std::size_t kUsual = 256 * kMiB;
constexpr std::size_t kLargeFromMax = 2 * kMiB;
}  // namespace

MemoryShares memory_shares(const config::BrokerConfig& config, std::size_t shards) {
  const auto asked = config.queued_max_request_bytes;
  const std::size_t total = asked > 0 ? static_cast<std::size_t>(asked) : kUsual;
  const std::size_t share = std::max<std::size_t>(1, total / 2 / shards);
  return {.of_a_shard = share,
          .of_large_frames = std::max<std::size_t>(1, total / 2),
          .large_from = std::min(kLargeFromMax, std::max<std::size_t>(1, share / 4))};
}

std::int64_t default_request_memory(std::uint64_t machine_bytes) {
  const std::uint64_t usual = std::min<std::uint64_t>(kUsual, machine_bytes / 8);
  return static_cast<std::int64_t>(std::max<std::uint64_t>({usual, machine_bytes / 100, kMiB}));
}

}  // namespace thalweg::broker
