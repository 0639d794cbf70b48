#include "console/history.h"

#include <gtest/gtest.h>

namespace thalweg::console {
namespace {
using namespace std::chrono_literals;

const History::Key kBroker{SeriesOf::kBroker, "", SeriesName::kWritten};
History::Key topic(const std::string& name) { return {SeriesOf::kTopic, name, SeriesName::kWritten}; }

std::vector<double> values(const std::vector<History::Point>& points) {
  std::vector<double> all;
  for (const auto& point : points) all.push_back(point.value);
  return all;
}

TEST(HistoryTest, KeepsTheLastValueOfEachStep) {
  History history;
  for (int second = 1000; second < 1030; ++second) history.add(kBroker, Instant(1s * second), second);
  const auto points = history.since(kBroker, Instant(1000s), Instant(1030s));
  EXPECT_EQ(values(points), (std::vector<double>{1009, 1019, 1029}));
  EXPECT_EQ(points.front().at, Instant(1000s));
  EXPECT_EQ(points.back().at, Instant(1020s));
}

TEST(HistoryTest, WhatWasNotLookedAtIsEmptyAndNotZero) {
  History history;
  history.add(kBroker, Instant(1000s), 1);
  history.add(kBroker, Instant(1060s), 2);
  EXPECT_EQ(values(history.since(kBroker, Instant(0s), Instant(1060s))), (std::vector<double>{1, 2}));
  history.add(kBroker, Instant(1060s + 15min), 3);  // a round later: nothing of the one before is left over
  EXPECT_EQ(values(history.since(kBroker, Instant(1060s + 1min), Instant(1060s + 15min))), (std::vector<double>{3}));
}

TEST(HistoryTest, TheBrokersGoBackSixHoursAndOthersOne) {
  History history;
  const Instant end = Instant(100h);
  for (Instant at = end - Instant(8h); at <= end; at += Instant(60s)) {
    history.add(kBroker, at, 1);
    history.add(topic("t"), at, double(at / Instant(1s)));
  }
  EXPECT_EQ(history.since(kBroker, end - Instant(7h), end).size(), History::kCoarseStepsOfBroker);
  EXPECT_EQ(history.since(topic("t"), end - Instant(7h), end).size(), History::kCoarseSteps);
  EXPECT_EQ(history.since(topic("t"), end - Instant(10min), end).size(), 11u);
}

TEST(HistoryTest, ADateThatIsSetBackChangesNothing) {
  History history;
  history.add(kBroker, Instant(1000s), 1);
  history.add(kBroker, Instant(900s), 9);
  EXPECT_EQ(values(history.since(kBroker, Instant(0s), Instant(1000s))), (std::vector<double>{1}));
}

TEST(HistoryTest, WhatStandsStillBeginsNothingAndIsForgotten) {
  History history;
  history.add(topic("still"), Instant(1s), 0);
  EXPECT_EQ(history.size(), 0u);
  history.add(topic("moved"), Instant(1s), 5);
  history.add(kBroker, Instant(1s), 0);
  for (Instant at(61s); at < Instant(3h); at += Instant(60s)) history.add(topic("moved"), at, 0);
  history.add(topic("another"), Instant(3h), 1);
  EXPECT_EQ(history.size(), 2u);
  EXPECT_TRUE(history.since(topic("moved"), Instant(0s), Instant(3h)).empty());
  EXPECT_FALSE(history.since(kBroker, Instant(0s), Instant(3h)).empty());
}

// However many topics move, and however long their names are.
TEST(HistoryTest, TheMemoryIsBoundedAndTheLeastRecentGoFirst) {
  History history(1u << 20);
  history.add(kBroker, Instant(1s), 1);
  std::size_t most = 0;
  for (int i = 0; i < 20'000; ++i) {
    history.add(topic(std::string(i % 250, 'x') + std::to_string(i)), Instant(1s * (i + 2)), 1 + i);
    most = std::max(most, history.bytes());
  }
  EXPECT_LE(most, (1u << 20) + 4096);  // the newest is there before the oldest goes
  EXPECT_GT(history.size(), 500u);
  EXPECT_FALSE(history.since(topic(std::string(19'999 % 250, 'x') + "19999"), Instant(0s), Instant(20'002s)).empty());
  EXPECT_TRUE(history.since(topic("0"), Instant(0s), Instant(20'002s)).empty());
  EXPECT_FALSE(history.since(kBroker, Instant(0s), Instant(20'002s)).empty());
}

// What the bound says is what is held: rings are as large as they are counted.
TEST(HistoryTest, OneSeriesIsAsLargeAsItIsCounted) {
  History history;
  history.add(topic("t"), Instant(1s), 1);
  const std::size_t one = history.bytes();
  EXPECT_GE(one, (History::kFineSteps + History::kCoarseSteps) * sizeof(float));
  history.add(topic("t"), Instant(100s), 2);
  EXPECT_EQ(history.bytes(), one);
}

}  // namespace
}  // namespace thalweg::console
