// What is taken of a leader's answer: a window's batches, and nothing behind them.
#include "console/leader_reader.h"

#include <gtest/gtest.h>

#include "record/builder.h"

namespace thalweg::console {
namespace {

// Batches of ten records at these offsets.
FetchedRecords fetched(std::initializer_list<std::int64_t> bases) {
  std::string bytes;
  for (const auto base : bases) {
    record::BatchBuilder builder({.base_offset = Offset{base}});
    for (int i = 0; i < 10; ++i) builder.append({.timestamp = 1'700'000'000'000, .value = as_bytes("value")});
    bytes += std::move(builder).build().text();
  }
  return {.bytes = SharedBytes::copy_of(bytes),
          .start = Offset{3},
          .end = Offset{100},
          .last_stable = Offset{90},
          .aborted = {{ProducerId{7}, Offset{12}}}};
}

TEST(LeaderReader, TakesTheBatchesThatBeginInFrontOfTheWindowsEnd) {
  const auto all = fetched({10, 20, 30});
  const std::size_t one = all.bytes.size() / 3;
  const auto some = batches_before(all, Offset{25});
  ASSERT_TRUE(some);
  EXPECT_EQ(some->bytes, 2 * one);
  EXPECT_EQ(size_of(some->records.front()), 2 * one);
  EXPECT_EQ(some->first, Offset{10});
  EXPECT_EQ(some->next, Offset{30});
  EXPECT_EQ(some->log_start, Offset{3});
  EXPECT_EQ(some->end, Offset{100});
  EXPECT_EQ(some->aborted.front().producer_id, ProducerId{7});
  EXPECT_EQ(some->aborted.front().first_offset, Offset{12});
  EXPECT_EQ(batches_before(all, Offset{100})->bytes, 3 * one);
}

TEST(LeaderReader, AGapUpToTheWindowsEndIsPassed) {
  const auto before = batches_before(fetched({10, 40}), Offset{30});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->first, Offset{10});
  EXPECT_EQ(before->next, Offset{30}) << "else a shorter window would be tried for ever";
  const auto nothing = batches_before(fetched({40}), Offset{30});
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->bytes, 0u);
  EXPECT_TRUE(nothing->records.empty());
}

TEST(LeaderReader, ABatchThatIsCutOffAtTheEndIsLeftToTheNextWindow) {
  auto torn = fetched({10, 20});
  const std::size_t one = torn.bytes.size() / 2;
  torn.bytes = torn.bytes.slice(0, torn.bytes.size() - 5);
  const auto whole = batches_before(std::move(torn), Offset{100});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->bytes, one);
  EXPECT_EQ(whole->next, Offset{20});
}

TEST(LeaderReader, WhatIsNoBatchIsAnError) {
  auto wrong = fetched({10});
  wrong.bytes = SharedBytes::copy_of(std::string(200, 'x'));
  EXPECT_FALSE(batches_before(std::move(wrong), Offset{100}));
}

}  // namespace
}  // namespace thalweg::console
