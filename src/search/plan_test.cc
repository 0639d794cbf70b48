// Which window comes next, and that every offset is passed once, whatever windows come to.
#include "search/plan.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "search/cursor.h"

namespace thalweg::search {
namespace {

Part part_of(int partition, int begin, int end) {
  return {.partition = {partition},
          .first_begin = Offset{begin},
          .first_end = Offset{end},
          .begin = Offset{begin},
          .end = Offset{end},
          .frontier = {},
          .failed = {}};
}

Looked looked_at(Offset begin, Offset end, Timestamp oldest, Timestamp newest) {
  return {.scanned = {.matches = {},
                      .troubles = {},
                      .counts = {.records = std::uint64_t(end - begin)},
                      .begin = begin,
                      .end = end,
                      .oldest = oldest,
                      .newest = newest},
          .read_bytes = kWindowBytes};
}

TEST(Plan, ThePartitionThatIsNewestGoesOn) {
  Plan plan(Order::kNewestFirst, {part_of(0, 0, 5000), part_of(1, 0, 5000)});
  auto window = plan.next();
  EXPECT_EQ(window->partition, PartitionId{0});
  EXPECT_EQ(window->from, Offset{5000 - 1024});
  EXPECT_EQ(plan.frontier(), std::nullopt);
  plan.took(*window, looked_at(Offset{4000}, Offset{5000}, 90, 100));
  window = plan.next();
  EXPECT_EQ(window->partition, PartitionId{1}) << "who has not begun goes first";
  plan.took(*window, looked_at(Offset{4500}, Offset{5000}, 70, 100));
  EXPECT_EQ(plan.frontier(), 90);
  EXPECT_EQ(plan.next()->partition, PartitionId{0}) << "90 is newer than 70";
  EXPECT_EQ(plan.next()->to, Offset{4000});
  EXPECT_TRUE(plan.next()->to_is_edge);
  EXPECT_EQ(plan.offsets(), 10'000);
  EXPECT_EQ(plan.offsets_passed(), 1500);
}

TEST(Plan, AHeavyFilterIsGivenAsManyOffsetsAsItsStepsReachFor) {
  Plan plan(Order::kNewestFirst, {part_of(0, 0, 100'000)});
  EXPECT_EQ(plan.next()->at_once, 0);
  auto looked = looked_at(Offset{99'000}, Offset{100'000}, 1, 2);
  looked.scanned.work = kWorkMax;
  plan.took(*plan.next(), looked);
  EXPECT_EQ(plan.next()->at_once, 750);
  looked = looked_at(Offset{98'999}, Offset{99'000}, 1, 2);
  looked.scanned.work = 100 * kWorkMax;
  plan.took(*plan.next(), looked);
  EXPECT_EQ(plan.next()->at_once, 1) << "one is always looked at";
  looked = looked_at(Offset{98'000}, Offset{98'999}, 1, 2);
  looked.scanned.work = kWorkMax / 4;
  plan.took(*plan.next(), looked);
  EXPECT_EQ(plan.next()->at_once, 0) << "no need to count";
}

TEST(Plan, OldestFirstThePartitionThatIsOldestGoesOn) {
  Plan plan(Order::kOldestFirst, {part_of(0, 10, 50), part_of(1, 0, 50)});
  auto window = plan.next();
  EXPECT_EQ(window->from, Offset{10});
  EXPECT_EQ(window->to, Offset{50});
  plan.took(*window, looked_at(Offset{10}, Offset{20}, 1, 90));
  plan.took(*plan.next(), looked_at(Offset{0}, Offset{20}, 1, 70));
  EXPECT_EQ(plan.next()->partition, PartitionId{1});
  EXPECT_EQ(plan.frontier(), 70);
}

TEST(Plan, APartitionThatFailsIsLeftAndTheOthersGoOn) {
  Plan plan(Order::kOldestFirst, {part_of(0, 0, 10), part_of(1, 0, 10)});
  plan.failed(*plan.next(), {ErrorCode::kKafkaStorageError, "offline"});
  EXPECT_EQ(plan.next()->partition, PartitionId{1});
  plan.took(*plan.next(), looked_at(Offset{0}, Offset{10}, 1, 2));
  EXPECT_TRUE(plan.is_done());
  EXPECT_EQ(plan.offsets_passed(), 10);
}

TEST(Plan, WhatRetentionTookMeanwhileIsNotThereToBeLookedAt) {
  Plan plan(Order::kOldestFirst, {part_of(0, 0, 100)});
  auto looked = looked_at(Offset{40}, Offset{60}, 1, 2);
  looked.log_start = Offset{40};
  plan.took(*plan.next(), looked);
  EXPECT_EQ(plan.offsets(), 60);
  EXPECT_EQ(plan.offsets_passed(), 20);
  EXPECT_EQ(plan.next()->from, Offset{60});
  Plan backwards(Order::kNewestFirst, {part_of(0, 0, 100)});
  looked = looked_at(Offset{80}, Offset{100}, 1, 2);
  looked.log_start = Offset{90};
  backwards.took(*backwards.next(), looked);
  EXPECT_TRUE(backwards.is_done());
}

TEST(Plan, StridesFollowWhatAWindowHolds) {
  Plan plan(Order::kNewestFirst, {part_of(0, 0, 1'000'000)});
  auto small = looked_at(plan.next()->from, plan.next()->to, 1, 2);
  small.read_bytes = 1000;
  plan.took(*plan.next(), small);
  EXPECT_EQ(plan.next()->to - plan.next()->from, 2048);
  plan.took(*plan.next(), looked_at(plan.next()->to - 100, plan.next()->to, 1, 2));
  EXPECT_EQ(plan.next()->to - plan.next()->from, 100);
}

TEST(Plan, AWindowIsAsLargeAsItIsWished) {
  Plan plan(Order::kNewestFirst, {part_of(0, 0, 1'000'000)});
  EXPECT_EQ(plan.next()->bytes, kWindowBytes);
  const auto small = *plan.next(kWindowBytesMin);
  EXPECT_EQ(small.bytes, kWindowBytesMin);
  auto looked = looked_at(small.to - 100, small.to, 1, 2);
  looked.read_bytes = kWindowBytesMin;
  plan.took(small, looked);
  EXPECT_EQ(plan.next()->to - plan.next()->from, 100) << "it was full";
  looked = looked_at(plan.next()->from, plan.next()->to, 1, 2);
  looked.read_bytes = kWindowBytesMin;
  plan.took(*plan.next(), looked);
  EXPECT_EQ(plan.next()->to - plan.next()->from, 200) << "it was not";
}

// Windows end where they like, cursors come in between; every offset is passed once.
TEST(Plan, EveryOffsetIsPassedOnce) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const Order order = seed % 2 ? Order::kNewestFirst : Order::kOldestFirst;
    Plan plan(order, {part_of(0, 100, 700), part_of(1, 0, 0), part_of(2, 5, 300)});
    std::set<std::pair<int, std::int64_t>> passed;
    for (int steps = 0; !plan.is_done(); ++steps) {
      ASSERT_LT(steps, 2000);
      const auto window = *plan.next();
      const auto some = std::int64_t(random() % std::uint64_t(window.to - window.from)) + 1;
      // Backwards a batch may begin before the window.
      const Offset begin = order == Order::kNewestFirst
                               ? std::max(window.lowest, window.to - some - std::int64_t(random() % 9))
                               : window.from;
      const Offset end = order == Order::kNewestFirst ? window.to : window.from + some;
      for (Offset o = begin; o < end; o = o + 1)
        EXPECT_TRUE(passed.emplace(window.partition.value, o.value).second) << seed;
      auto looked = looked_at(begin, end, Timestamp(random() % 100), Timestamp(100 + random() % 100));
      looked.scanned.is_cut = random() % 2;
      plan.took(window, looked);
      if (random() % 4 > 0) continue;
      const auto cursor = decode_cursor(encode({.topic_id = {1, 2}, .counts = plan.counts(), .parts = plan.parts()}));
      ASSERT_TRUE(cursor);
      Plan again(order, cursor->parts);
      again.add(cursor->counts);
      plan = again;
    }
    EXPECT_EQ(passed.size(), 600u + 295u);
    EXPECT_EQ(plan.counts().records, passed.size());
  }
}

TEST(Cursor, SaysAgainWhatItSaid) {
  Part part = part_of(3, 10, 5000);
  part.begin = Offset{20};
  part.end = Offset{4000};
  part.frontier = -5;
  part.end_is_edge = true;
  part.stride = 77;
  const Cursor cursor{.topic_id = {1, 2},
                      .wish = wish_hash("value.a == 1", Order::kNewestFirst, true),
                      .now = 1234,
                      .counts = {.records = 1, .bytes = 2, .matches = 3, .troubled = 4, .unreadable = 5},
                      .parts = {part_of(1, 0, 9), part}};
  const auto again = decode_cursor(encode(cursor));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->topic_id, cursor.topic_id);
  EXPECT_EQ(again->wish, cursor.wish);
  EXPECT_EQ(again->now, 1234);
  EXPECT_EQ(again->counts, cursor.counts);
  ASSERT_EQ(again->parts.size(), 2u);
  const Part& same = again->parts[1];
  EXPECT_EQ(same.partition, part.partition);
  EXPECT_EQ(same.first_begin, part.first_begin);
  EXPECT_EQ(same.first_end, part.first_end);
  EXPECT_EQ(same.begin, part.begin);
  EXPECT_EQ(same.end, part.end);
  EXPECT_EQ(same.frontier, part.frontier);
  EXPECT_TRUE(same.end_is_edge);
  EXPECT_EQ(same.stride, 77);
  EXPECT_EQ(encode(cursor).find_first_of("+/="), std::string::npos);
}

TEST(Cursor, WhatIsNoneIsRefused) {
  const std::string good = encode({.topic_id = {1, 2}, .parts = {part_of(1, 0, 9)}});
  EXPECT_TRUE(decode_cursor(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto decoded = decode_cursor(changed);
    // The last sign may carry bits that mean nothing.
    if (i + 1 < good.size()) EXPECT_FALSE(decoded) << i;
    EXPECT_FALSE(decode_cursor(good.substr(0, i))) << i;
  }
  for (const auto bad : {"", "=", "x", "AAAA", "!!!!", "+/+/"}) EXPECT_FALSE(decode_cursor(bad)) << bad;
  EXPECT_FALSE(decode_cursor(std::string(100'000, 'A')));
  EXPECT_FALSE(decode_cursor(encode({.topic_id = {1, 2}, .parts = {part_of(2, 0, 9), part_of(1, 0, 9)}})));
  EXPECT_NE(wish_hash("a", Order::kNewestFirst, true), wish_hash("a", Order::kOldestFirst, true));
  EXPECT_NE(wish_hash("a", Order::kNewestFirst, true), wish_hash("a", Order::kNewestFirst, false));
}

}  // namespace
}  // namespace thalweg::search
