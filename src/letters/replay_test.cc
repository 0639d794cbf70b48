#include "letters/replay.h"

#include <gtest/gtest.h>

namespace thalweg::letters {
namespace {
using namespace std::string_view_literals;

const LetterPlace kPlace{"dlq.orders", PartitionId{3}, Offset{4711}};

TEST(WayBack, IsTheTopicThatItComesFromUnlessAnotherIsNamed) {
  const DeadLetter letter{.topic = "orders"};
  EXPECT_EQ(way_back(letter, true, true, "dlq.orders").value(), "orders");
  EXPECT_EQ(way_back(letter, true, true, "dlq.orders", "again").value(), "again");
  EXPECT_EQ(way_back({}, true, true, "dlq.orders", "again").value(), "again");
}

TEST(WayBack, IsNoneWithoutATopicOrARecordAndNoneToTheQueueItself) {
  EXPECT_EQ(way_back({}, true, true, "dlq.orders").error(), Stays::kNamesNoTopic);
  EXPECT_EQ(way_back({.topic = ""}, true, true, "dlq.orders").error(), Stays::kNamesNoTopic);
  EXPECT_EQ(way_back({.topic = "dlq.orders"}, true, true, "dlq.orders").error(), Stays::kComesFromQueue);
  EXPECT_EQ(way_back({.topic = "orders"}, true, true, "dlq.orders", "dlq.orders").error(), Stays::kComesFromQueue);
  const DeadLetter share{.family = Family::kShareGroup, .topic = "jobs"};
  EXPECT_EQ(way_back(share, false, false, "dlq.jobs").error(), Stays::kHoldsNoRecord);
  EXPECT_EQ(way_back(share, false, false, "dlq.jobs", "again").error(), Stays::kHoldsNoRecord);
  EXPECT_EQ(way_back(share, false, true, "dlq.jobs").value(), "jobs");
}

TEST(HeadersBack, AreTheRecordsOwnAndSayWhichLetterItWas) {
  const std::vector<HeaderBytes> headers{{"trace", "7"},
                                         {"__dlq.errors.topic", "orders"},
                                         {"kafka_dlt-original-topic", "orders"},
                                         {"__connect.errors.topic", "orders"},
                                         {"__streams.errors.topic", "orders"},
                                         {"trace", "8"},
                                         {"empty", std::nullopt}};
  EXPECT_EQ(headers_back(headers, kPlace), (std::vector<OwnedHeader>{{"trace", "7"},
                                                                     {"trace", "8"},
                                                                     {"empty", std::nullopt},
                                                                     {"thalweg-replay-of", "dlq.orders/3/4711"},
                                                                     {"thalweg-replay-count", "1"}}));
}

TEST(HeadersBack, CountHowOftenItWent) {
  const auto count = [](std::optional<std::string_view> before) {
    const std::vector<HeaderBytes> headers{{"thalweg-replay-of", "dlq.orders/0/1"}, {"thalweg-replay-count", before}};
    const auto back = headers_back(headers, kPlace);
    EXPECT_EQ(back.size(), 2u);
    EXPECT_EQ(back.at(0).second, "dlq.orders/3/4711");
    return back.at(1).second;
  };
  EXPECT_EQ(count("1"), "2");
  EXPECT_EQ(count("41"), "42");
  for (const auto& other :
       {std::optional("x"sv), std::optional("-7"sv), std::optional(""sv), std::optional<std::string_view>()})
    EXPECT_EQ(count(other), "1");
  EXPECT_EQ(count("2147483647"), "1000001");
}

}  // namespace
}  // namespace thalweg::letters
