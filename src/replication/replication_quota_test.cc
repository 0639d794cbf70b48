#include "replication/replication_quota.h"

#include <gtest/gtest.h>

#include <random>

#include "replication/throttled_replicas.h"

namespace thalweg::replication {
namespace {

using namespace std::chrono_literals;
constexpr Instant kWindow = 1s;

TEST(ReplicationQuota, HasNoLimitBeforeOneIsSet) {
  ReplicationQuota quota(kWindow);
  quota.record(1'000'000'000, 5s);
  EXPECT_FALSE(quota.is_exceeded(5s));
}

TEST(ReplicationQuota, WhatWasTakenIsPaidForByTheTimeThatFollows) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(1'000, 10s);
  EXPECT_FALSE(quota.is_exceeded(10s));
  quota.record(5'000, 10s);
  EXPECT_EQ(quota.free_at(), 15s);
  EXPECT_TRUE(quota.is_exceeded(15s - 1ns));
  EXPECT_FALSE(quota.is_exceeded(15s));
}

TEST(ReplicationQuota, ARateThatNobodyUsesIsSavedForOneWindow) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(1'000, 0s);
  quota.record(1'000, 100s);
  EXPECT_FALSE(quota.is_exceeded(100s)) << "a window's worth";
  quota.record(500, 100s);
  EXPECT_EQ(quota.free_at(), 100s + 500ms) << "and not a hundred";
}

TEST(ReplicationQuota, TheFirstSecondIsNoFasterThanTheOthers) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(1'000, 100s);
  quota.record(1'000, 100s);
  EXPECT_EQ(quota.free_at(), 101s);
}

TEST(ReplicationQuota, WhatIsOwedIsPaidForAtTheNewRate) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(1'000, 0s);
  quota.record(10'000, 0s);  // ten seconds
  quota.set_rate(10'000, 5s);
  EXPECT_EQ(quota.free_at(), 5s + 500ms);
  quota.set_rate(ReplicationQuota::kUnlimited, 5s);
  EXPECT_FALSE(quota.is_exceeded(5s));
}

TEST(ReplicationQuota, ARateOfNothingLetsNothingPassUntilItIsRaised) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(0, 0s);
  EXPECT_EQ(quota.free_at(), Instant::max());
  quota.record(1'000, 1s);
  quota.set_rate(1'000, 2s);
  EXPECT_FALSE(quota.is_exceeded(2s));
}

TEST(ReplicationQuota, ExtremesAreMomentsStill) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(1, 0s);
  for (int i = 0; i < 100; ++i) quota.record(std::uint64_t(1) << 62, 1s);
  EXPECT_GT(quota.free_at(), 1s);
  quota.set_rate(ReplicationQuota::kUnlimited - 1, 1s);
  quota.record(1, 1s);
}

// Whoever asks first and takes whole pieces gets the rate, and never more than the bound that the header says.
TEST(ReplicationQuota, OverAnyTimeNoMorePassesThanTheRateAllows) {
  constexpr std::int64_t kRate = 5'000'000;
  constexpr std::uint64_t kPiece = 1'000'000;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    ReplicationQuota quota(kWindow);
    quota.set_rate(kRate, 0s);
    std::uint64_t taken = 0;
    Instant now = 0s;
    while (now < 60s) {
      now += std::chrono::milliseconds(random() % 400);
      if (random() % 20 == 0) now += 3s;  // nobody asks
      while (!quota.is_exceeded(now)) {
        const std::uint64_t bytes = 1 + random() % kPiece;
        quota.record(bytes, now);
        taken += bytes;
      }
      const double allowed = double(kRate) * (double(now.count()) / 1e9 + double(kWindow.count()) / 1e9) + kPiece;
      ASSERT_LE(double(taken), allowed) << "seed " << seed;
    }
  }
}

TEST(ReplicationQuota, WhoTakesAllThereIsGetsTheRate) {
  ReplicationQuota quota(kWindow);
  quota.set_rate(5'000'000, 0s);
  Instant now = 0s;
  for (int megabytes = 0; megabytes < 50; ++megabytes) {
    now = std::max(now, quota.free_at());
    quota.record(1'000'000, now);
  }
  EXPECT_GE(now, 9s);
  EXPECT_LE(now, 10s);
}

TEST(ThrottledReplicas, AreNamedOneByOneOrAll) {
  const PartitionId three{3};
  const BrokerId one{1};
  EXPECT_FALSE(names_replica({}, three, one));
  EXPECT_FALSE(names_replica({"none"}, three, one));
  EXPECT_TRUE(names_replica({"*"}, three, one));
  EXPECT_TRUE(names_replica({"0:1", "3:1"}, three, one));
  EXPECT_TRUE(names_replica({"03:001"}, three, one));
  EXPECT_FALSE(names_replica({"1:3", "3:10", "33:1"}, three, one));
}

}  // namespace
}  // namespace thalweg::replication
