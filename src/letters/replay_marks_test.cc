#include "letters/replay_marks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>

namespace thalweg::letters {
namespace {

ReplayMarks kept(const ReplayMarks& marks) { return ReplayMarks::of(marks.below(), marks.metadata()); }

TEST(ReplayMarks, OfACommittedOffsetAreAllBelowIt) {
  const auto marks = ReplayMarks::of(Offset{10}, "");
  EXPECT_TRUE(marks.has(Offset{9}));
  EXPECT_FALSE(marks.has(Offset{10}));
  EXPECT_EQ(marks.below(), Offset{10});
  EXPECT_EQ(marks.metadata(), "");
}

TEST(ReplayMarks, ChosenOnesAreInTheMetadataUntilTheyTouchTheOffset) {
  ReplayMarks marks(Offset{10});
  for (const std::int64_t offset : {12, 17, 15, 14, 16}) marks.add(Offset{offset});
  EXPECT_EQ(marks.below(), Offset{10});
  EXPECT_EQ(marks.metadata(), "sent:2,1+3");
  EXPECT_FALSE(marks.has(Offset{13}));
  EXPECT_TRUE(marks.has(Offset{14}));
  EXPECT_TRUE(marks.has(Offset{17}));
  EXPECT_FALSE(marks.has(Offset{18}));
  marks.add(Offset{11});
  EXPECT_EQ(marks.below(), Offset{10}) << "10 itself is missing";
  marks.add(Offset{10});
  EXPECT_EQ(marks.below(), Offset{13});
  EXPECT_EQ(marks.metadata(), "sent:1+3");
  marks.raise(Offset{15});
  EXPECT_EQ(marks.below(), Offset{18});
  EXPECT_EQ(marks.metadata(), "");
  marks.raise(Offset{3});
  EXPECT_EQ(marks.below(), Offset{18}) << "it goes up only";
}

TEST(ReplayMarks, WhatOthersCommittedAsMetadataSaysNothing) {
  for (const std::string_view text :
       {"sent", "sent:0", "sent:1+-1", "sent:x", "sent:1,,1", "sent:,", "sent: 1", "sent:9223372036854775807",
        "sent:1+9223372036854775807", "sent:9223372036854775800,9223372036854775800", "{\"a\":1}"}) {
    const auto marks = ReplayMarks::of(Offset{10}, text);
    EXPECT_EQ(marks.below(), Offset{10}) << text;
    EXPECT_EQ(marks.metadata(), "") << text;
  }
  EXPECT_EQ(ReplayMarks::of(kNoOffset, "sent:1").metadata(), "");
}

TEST(ReplayMarks, KeepNoMoreThanTheTextHoldsAndForgetTheLast) {
  ReplayMarks marks(Offset{0});
  for (std::int64_t i = 1; i < 10'000; ++i) marks.add(Offset{2 * i});
  EXPECT_LE(marks.metadata().size(), ReplayMarks::kTextMax);
  const auto known = kept(marks);
  for (std::int64_t i = 1; i < 1'000; ++i) EXPECT_TRUE(known.has(Offset{2 * i})) << i;
  EXPECT_FALSE(known.has(Offset{2 * 9'999}));
  EXPECT_EQ(marks.metadata(3), "") << "not even one";
}

// Against a set of offsets.
TEST(ReplayMarks, AreWhatWasAddedWhateverTheOrder) {
  std::mt19937 random(7);
  for (int run = 0; run < 200; ++run) {
    ReplayMarks marks(Offset{5});
    std::set<std::int64_t> naive{0, 1, 2, 3, 4};
    for (int step = 0; step < 40; ++step) {
      const std::int64_t offset = random() % 60;
      if (random() % 12 == 0) {
        marks.raise(Offset{offset});
        for (std::int64_t one = 0; one < offset; ++one) naive.insert(one);
      } else {
        marks.add(Offset{offset});
        naive.insert(offset);
      }
      if (random() % 5 == 0) marks = kept(marks);
    }
    for (std::int64_t one = 0; one < 70; ++one)
      EXPECT_EQ(marks.has(Offset{one}), naive.contains(one)) << run << " " << one;
  }
}

}  // namespace
}  // namespace thalweg::letters
