#include "broker/memory_shares.h"

#include <gtest/gtest.h>

namespace thalweg::broker {
namespace {

constexpr std::size_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;

TEST(MemoryShares, AreTogetherWhatWasAskedForHoweverManyShardsThereAre) {
  config::BrokerConfig config;
  config.queued_max_request_bytes = 64 * kMiB;
  for (const std::size_t shards : {1u, 2u, 16u}) {
    const auto shares = memory_shares(config, shards);
    EXPECT_EQ(shares.of_a_shard * shards + shares.of_large_frames, 64 * kMiB) << shards;
    EXPECT_LE(shares.large_from, shares.of_a_shard / 4) << shards;  // no frame of one connection takes all of a share
  }
}

TEST(MemoryShares, AreNeverNothing) {
  config::BrokerConfig config;
  config.queued_max_request_bytes = 1;
  const auto shares = memory_shares(config, 64);
  EXPECT_GT(shares.of_a_shard, 0u);
  EXPECT_GT(shares.of_large_frames, 0u);
  EXPECT_GT(shares.large_from, 0u);
}

TEST(MemoryShares, FollowTheMachineWhereNobodySays) {
  EXPECT_EQ(default_request_memory(kGiB / 2), std::int64_t(64 * kMiB));
  EXPECT_EQ(default_request_memory(4 * kGiB), std::int64_t(256 * kMiB));
  EXPECT_EQ(default_request_memory(24 * kGiB), std::int64_t(256 * kMiB));
  EXPECT_GT(default_request_memory(256 * kGiB), std::int64_t(2 * kGiB));
  EXPECT_GT(default_request_memory(0), 0);
}

}  // namespace
}  // namespace thalweg::broker
