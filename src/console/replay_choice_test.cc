#include "console/replay_choice.h"

#include <gtest/gtest.h>

namespace thalweg::console {
namespace {

using Headers = std::vector<letters::HeaderBytes>;

Headers from(std::string_view topic, std::string_view error = "UNKNOWN") {
  return {{"__dlq.errors.topic", topic}, {"__dlq.errors.exception", error}};
}
LetterCensus::Place lies_at(std::int64_t offset, std::int32_t partition = 0) { return {partition, offset, 1000}; }

TEST(ReplayChoice, IsAllThatHaveAWayAndSaysWhyOthersStay) {
  ReplayChoice choice("dlq.orders", {}, {});
  choice.consider(lies_at(4), true, true, from("orders"));
  choice.consider(lies_at(2), true, true, from("orders"));
  choice.consider(lies_at(7, 1), true, true, from("users"));
  choice.consider(lies_at(8, 1), true, true, Headers{{"trace", "1"}});
  choice.consider(lies_at(9, 1), false, false, Headers{{"__dlq.errors.topic", "jobs"}});
  EXPECT_EQ(choice.count(), 3);
  EXPECT_EQ(choice.considered(), 5);
  EXPECT_EQ(choice.targets(), (std::map<std::string, std::int64_t>{{"orders", 2}, {"users", 1}}));
  EXPECT_EQ(choice.ways().at(PartitionId{0}).begin()->first, Offset{2}) << "in the order of the partition";
  EXPECT_EQ(choice.stay().size(), 2u);
  EXPECT_EQ(choice.stay().at("does not say where it comes from"), 1);
}

TEST(ReplayChoice, OfACauseIsNoneOfAnother) {
  const auto cause = cause_of(lies_at(0), from("orders", "_TIMED_OUT")).id;
  ReplayChoice choice("dlq.orders", {.cause = cause, .letters = {}, .to = {}}, {});
  choice.consider(lies_at(1), true, true, from("orders", "_TIMED_OUT"));
  choice.consider(lies_at(2), true, true, from("orders", "UNKNOWN"));
  EXPECT_EQ(choice.count(), 1);
  EXPECT_EQ(choice.considered(), 1);
}

TEST(ReplayChoice, LeavesOutWhatWentBeforeUnlessItIsAskedForAgain) {
  letters::ReplayMarks marks(Offset{3});
  marks.add(Offset{5});
  const MarksByPartition known{{PartitionId{0}, marks}};
  ReplayWish wish{.cause = {}, .letters = {{PartitionId{0}, {Offset{2}, Offset{5}, Offset{6}}}}, .to = {}};
  const auto count = [&](bool again) {
    wish.again = again;
    ReplayChoice choice("dlq.orders", wish, known);
    for (std::int64_t offset = 0; offset < 8; ++offset) choice.consider(lies_at(offset), true, true, from("orders"));
    return std::pair(choice.count(), choice.sent_before());
  };
  EXPECT_EQ(count(false), std::pair(1l, 2l));
  EXPECT_EQ(count(true), std::pair(3l, 0l));
}

TEST(ReplayChoice, LeavesThoseWhoseTopicTakesNone) {
  ReplayChoice choice("dlq.orders", {}, {});
  choice.consider(lies_at(1), true, true, from("gone"));
  choice.consider(lies_at(2), true, true, from("orders"));
  choice.leave_those_to("gone", "comes from gone, which is not there");
  EXPECT_EQ(choice.targets(), (std::map<std::string, std::int64_t>{{"orders", 1}}));
  EXPECT_EQ(choice.stay().at("comes from gone, which is not there"), 1);
  choice.leave_those_to("orders", "x");
  EXPECT_TRUE(choice.ways().empty());
}

}  // namespace
}  // namespace thalweg::console
