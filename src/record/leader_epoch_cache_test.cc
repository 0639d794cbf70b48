#include "record/leader_epoch_cache.h"

#include <gtest/gtest.h>

namespace thalweg::record {
namespace {

LeaderEpochCache cache_of(std::initializer_list<EpochEntry> entries) {
  LeaderEpochCache cache;
  for (const auto& entry : entries) cache.assign(entry.epoch, entry.start_offset);
  return cache;
}
using Entries = std::vector<EpochEntry>;

TEST(LeaderEpochCache, AnswersWhereAnEpochEnds) {
  const auto cache = cache_of({{{2}, {10}}, {{4}, {20}}, {{5}, {30}}});
  const auto end = [&](int epoch) { return cache.end_offset_for({epoch}, {42}); };
  EXPECT_EQ(end(5), (EpochEnd{{5}, {42}}));
  EXPECT_EQ(end(4), (EpochEnd{{4}, {30}}));
  EXPECT_EQ(end(3), (EpochEnd{{2}, {20}}));  // the largest not above
  EXPECT_EQ(end(2), (EpochEnd{{2}, {20}}));
  EXPECT_EQ(end(1), (EpochEnd{{1}, {10}}));  // below all: whatever it wrote ends where the first begins
  EXPECT_EQ(end(6), EpochEnd{});
  EXPECT_EQ(end(-1), EpochEnd{});
  EXPECT_EQ(LeaderEpochCache().end_offset_for({0}, {5}), EpochEnd{});
}

TEST(LeaderEpochCache, TheSameEpochAgainChangesNothing) {
  auto cache = cache_of({{{2}, {10}}});
  EXPECT_FALSE(cache.assign({2}, {11}));
  EXPECT_TRUE(cache.assign({3}, {12}));
  EXPECT_EQ(cache.entries(), (Entries{{{2}, {10}}, {{3}, {12}}}));
}

TEST(LeaderEpochCache, ANewEntryDropsWhatItContradicts) {
  auto cache = cache_of({{{2}, {10}}, {{4}, {20}}, {{6}, {30}}});
  EXPECT_TRUE(cache.assign({5}, {15}));
  EXPECT_EQ(cache.entries(), (Entries{{{2}, {10}}, {{5}, {15}}}));
  EXPECT_TRUE(cache.assign({9}, {15}));  // the epoch before wrote nothing
  EXPECT_EQ(cache.entries(), (Entries{{{2}, {10}}, {{9}, {15}}}));
}

TEST(LeaderEpochCache, KnowsTheEpochOfAnOffsetAndItsPredecessor) {
  const auto cache = cache_of({{{2}, {10}}, {{4}, {20}}});
  EXPECT_EQ(cache.epoch_at({9}), std::nullopt);
  EXPECT_EQ(cache.epoch_at({10}), LeaderEpoch{2});
  EXPECT_EQ(cache.epoch_at({19}), LeaderEpoch{2});
  EXPECT_EQ(cache.epoch_at({99}), LeaderEpoch{4});
  EXPECT_EQ(cache.previous({4}), LeaderEpoch{2});
  EXPECT_EQ(cache.previous({2}), std::nullopt);
}

TEST(LeaderEpochCache, TruncatesAtBothEnds) {
  auto cache = cache_of({{{2}, {10}}, {{4}, {20}}, {{5}, {30}}});
  EXPECT_FALSE(cache.truncate_from_end({31}));
  EXPECT_TRUE(cache.truncate_from_end({30}));
  EXPECT_FALSE(cache.truncate_from_start({10}));
  EXPECT_TRUE(cache.truncate_from_start({15}));
  EXPECT_EQ(cache.entries(), (Entries{{{2}, {15}}, {{4}, {20}}}));
  EXPECT_TRUE(cache.truncate_from_start({20}));
  EXPECT_EQ(cache.entries(), (Entries{{{4}, {20}}}));
}

}  // namespace
}  // namespace thalweg::record
