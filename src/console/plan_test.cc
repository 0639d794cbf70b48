#include "console/plan.h"

#include <gtest/gtest.h>

#include "console/option_plan.h"
#include "console/reset_plan.h"

namespace thalweg::console {
namespace {

ResetFrom from(std::optional<std::int64_t> committed, std::int64_t start, std::int64_t end, std::int64_t at_time = -1) {
  return {.partition = {"t", PartitionId{0}},
          .committed = committed ? std::optional(Offset{*committed}) : std::nullopt,
          .start = Offset{start},
          .end = Offset{end},
          .at_time = Offset{at_time}};
}
std::int64_t target(ResetOffsets wanted, const ResetFrom& at) {
  return reset_target(wanted, at).value_or(Offset{-1}).value;
}

TEST(ResetTarget, StaysWithinTheLog) {
  const auto at = from(50, 10, 100, 70);
  EXPECT_EQ(target({.to = ResetTo::kEarliest}, at), 10);
  EXPECT_EQ(target({.to = ResetTo::kLatest}, at), 100);
  EXPECT_EQ(target({.to = ResetTo::kTime, .time = 5}, at), 70);
  EXPECT_EQ(target({.to = ResetTo::kTime, .time = 5}, from(50, 10, 100)), 100);  // nothing is so young
  EXPECT_EQ(target({.to = ResetTo::kOffset, .offset = 42}, at), 42);
  EXPECT_EQ(target({.to = ResetTo::kOffset, .offset = 3}, at), 10);
  EXPECT_EQ(target({.to = ResetTo::kOffset, .offset = INT64_MAX}, at), 100);
  EXPECT_EQ(target({.to = ResetTo::kShift, .shift = -20}, at), 30);
  EXPECT_EQ(target({.to = ResetTo::kShift, .shift = -41}, at), 10);
  EXPECT_EQ(target({.to = ResetTo::kShift, .shift = INT64_MAX}, at), 100);
  EXPECT_EQ(target({.to = ResetTo::kShift, .shift = INT64_MIN}, at), 10);
}

TEST(ResetTarget, NothingIsShiftedFromNowhere) {
  EXPECT_FALSE(reset_target({.to = ResetTo::kShift, .shift = 1}, from(std::nullopt, 0, 9)));
  EXPECT_TRUE(reset_target({.to = ResetTo::kEarliest}, from(std::nullopt, 0, 9)));
}

TEST(ResetSums, CountRecordsThatAreThere) {
  ResetSums sums;
  sums.add(from(50, 10, 100), Offset{30});
  EXPECT_EQ(sums.read_again, 20);
  EXPECT_EQ(sums.lag_after, 70);
  sums.add(from(5, 10, 100), Offset{40});  // what lay below the start is gone, and is not passed over
  EXPECT_EQ(sums.skipped, 30);
  sums.add(from(500, 10, 100), Offset{90});  // beyond the end there is nothing to be read again
  EXPECT_EQ(sums.read_again, 30);
  sums.add(from(std::nullopt, 10, 100), Offset{100});
  EXPECT_EQ(sums.skipped, 30);
  EXPECT_EQ(sums.lag_after, 140);
}

TEST(CheckReset, SaysWhichMemberIsMissing) {
  const auto path = [](ResetOffsets wanted) { return check_reset(wanted).error().fields->front().path; };
  EXPECT_EQ(path({.to = ResetTo::kTime}), "/time");
  EXPECT_EQ(path({.to = ResetTo::kTime, .time = -1}), "/time");
  EXPECT_EQ(path({.to = ResetTo::kTime, .time = INT64_MAX}), "/time");
  EXPECT_EQ(path({.to = ResetTo::kOffset}), "/offset");
  EXPECT_EQ(path({.to = ResetTo::kOffset, .offset = -2}), "/offset");
  EXPECT_EQ(path({.to = ResetTo::kShift}), "/shift");
  EXPECT_EQ(path({.to = ResetTo::kLatest, .partitions = std::vector{0}}), "/topics");
  EXPECT_TRUE(
      check_reset({.to = ResetTo::kLatest, .topics = std::vector<std::string>{"t"}, .partitions = std::vector{0}}));
}

ConfigOption option(std::vector<ConfigValue> layers, bool sensitive = false) {
  ConfigOption made{.name = "o", .sensitive = sensitive};
  made.layer = layers.front().layer;
  made.value = layers.front().value;
  made.layers = std::move(layers);
  return made;
}
std::string said(const OptionChange& change) {
  return change.from.value_or("-") + " " + std::string(to_string(change.from_layer)) + " > " + change.to.value_or("-") +
         " " + std::string(to_string(change.to_layer));
}

TEST(OptionChangeTest, TheFirstLayerThatSaysSomethingWins) {
  const auto o = option(
      {{ConfigLayer::kBrokers, "log.o", "3"}, {ConfigLayer::kFile, "log.o", "2"}, {ConfigLayer::kDefault, "o", "1"}});
  EXPECT_EQ(said(option_change(&o, "o", ConfigLayer::kTopic, "9")), "3 brokers > 9 topic");
  EXPECT_EQ(said(option_change(&o, "log.o", ConfigLayer::kBroker, "9")), "3 brokers > 9 broker");
  EXPECT_EQ(said(option_change(&o, "log.o", ConfigLayer::kBrokers, "9")), "3 brokers > 9 brokers");
  EXPECT_EQ(said(option_change(&o, "log.o", ConfigLayer::kBrokers, std::nullopt)), "3 brokers > 2 file");
  const auto own = option({{ConfigLayer::kBroker, "log.o", "4"}, {ConfigLayer::kDefault, "o", "1"}});
  EXPECT_EQ(said(option_change(&own, "log.o", ConfigLayer::kBrokers, "9")), "4 broker > 4 broker");
  EXPECT_TRUE(changes_nothing(option_change(&own, "log.o", ConfigLayer::kBrokers, "9")));
  EXPECT_TRUE(changes_nothing(option_change(&own, "log.o", ConfigLayer::kBroker, "4")));
  EXPECT_EQ(said(option_change(nullptr, "o", ConfigLayer::kBrokers, "9")), "- default > 9 brokers");
}

TEST(OptionChangeTest, SecretsStaySecret) {
  const auto o = option({{ConfigLayer::kBroker, "o", std::nullopt}}, true);
  EXPECT_EQ(said(option_change(&o, "o", ConfigLayer::kBroker, "hunter2")), "- broker > - broker");
}

TEST(FactsTest, AreNotConfusedWhateverTheyContain) {
  const auto digest = [](std::vector<std::string_view> texts) {
    Facts facts;
    for (const auto text : texts) facts.add(text);
    return facts.digest();
  };
  EXPECT_EQ(digest({"a", "b"}), digest({"a", "b"}));
  EXPECT_NE(digest({"a", "b"}), digest({"b", "a"}));
  EXPECT_NE(digest({"ab"}), digest({"a", "b"}));
  EXPECT_NE(digest({"1:a"}), digest({"", "a"}));
  EXPECT_NE(Facts().add_optional(std::optional<std::string>()).digest(), Facts().add("").digest());
  EXPECT_EQ(digest({"a"}).size(), 32u);
}

TEST(IsoTime, IsAsKafkasToolsTakeIt) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000");
  EXPECT_EQ(iso_time(1795848123204), "2026-11-28T06:42:03.204");
  EXPECT_EQ(iso_time(kTimeMax), "9999-12-31T23:59:59.999");
}

}  // namespace
}  // namespace thalweg::console
