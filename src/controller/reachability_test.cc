#include "controller/reachability.h"

#include <gtest/gtest.h>

#include "controller/testing.h"
#include "metadata/image_builder.h"

namespace thalweg::controller {
namespace {

using testing::ids;
using namespace std::chrono_literals;

class ReachabilityTest : public ::testing::Test {
 protected:
  ReachabilityTest() { brokers(5); }
  void brokers(int count) {
    metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("cluster"));
    for (int id = 1; id <= count; ++id) {
      protocol::RegisterBrokerRecord record;
      record.broker_id = BrokerId{id};
      record.fenced = false;
      ASSERT_TRUE(builder.apply(metadata::Record(record)));
    }
    image_ = builder.build().image;
  }
  void misses(int from, std::vector<BrokerId> whom) { reach_.on_beat(BrokerId{from}, whom); }
  bool after(Instant span) { return reach_.look(*image_, now_ += span); }

  Reachability reach_;
  metadata::ImagePtr image_;
  Instant now_ = 1h;
};

TEST_F(ReachabilityTest, WhoMostOthersMissForThreeSecondsIsAvoided) {
  for (int from : {2, 3, 4}) misses(from, ids({1}));
  EXPECT_FALSE(after(0s));
  EXPECT_FALSE(after(2900ms));
  EXPECT_TRUE(after(100ms));
  EXPECT_EQ(reach_.avoided(), std::set{BrokerId{1}});
}

TEST_F(ReachabilityTest, HalfOfTheOthersAreNotEnough) {
  for (int from : {2, 3}) misses(from, ids({1}));
  after(0s);
  EXPECT_FALSE(after(10s));
}

TEST_F(ReachabilityTest, OneAloneIsNeverEnough) {
  brokers(2);
  misses(2, ids({1}));
  after(0s);
  EXPECT_FALSE(after(10s));
}

TEST_F(ReachabilityTest, WhoMissesHalfOfThemItselfIsTheOneCutOff) {
  for (int from : {2, 3, 4}) misses(from, ids({1, 5}));
  misses(1, ids({2, 3}));
  after(0s);
  EXPECT_TRUE(after(3s));
  EXPECT_EQ(reach_.avoided(), std::set{BrokerId{5}});
}

TEST_F(ReachabilityTest, AGapBeginsTheTimeAnew) {
  for (int from : {2, 3, 4}) misses(from, ids({1}));
  after(0s);
  after(2s);
  misses(4, {});
  after(100ms);
  misses(4, ids({1}));
  after(100ms);
  EXPECT_FALSE(after(2s));
  EXPECT_TRUE(after(1s));
}

TEST_F(ReachabilityTest, ItIsHeldUntilItHasBeenClearForTenSeconds) {
  for (int from : {2, 3, 4}) misses(from, ids({1}));
  after(0s);
  after(3s);
  for (int from : {2, 3, 4}) misses(from, {});
  EXPECT_FALSE(after(1s));
  EXPECT_FALSE(after(9900ms));
  EXPECT_TRUE(after(100ms));
  EXPECT_TRUE(reach_.avoided().empty());
}

}  // namespace
}  // namespace thalweg::controller
