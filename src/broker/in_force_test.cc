#include "broker/in_force.h"

#include <gtest/gtest.h>

#include "metadata/image_builder.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class InForceTest : public testing::Test {
 protected:
  void broker(int id, bool fenced = false, std::int64_t epoch = 1) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = BrokerId{id};
    record.broker_epoch = epoch;
    record.fenced = fenced;
    CHECK(builder_.apply(++index_, 1, {record}));
    in_force_.on_image(*builder_.build().image);
  }
  void commit(std::int64_t index) { in_force_.on_committed(Offset{index}, now_); }
  void publish(int id, std::int64_t index) { in_force_.on_published(BrokerId{id}, Offset{index}); }
  std::int64_t reached() { return in_force_.reached(now_).value; }

  metadata::ImageBuilder builder_{std::make_shared<const metadata::Image>("cluster")};
  std::int64_t index_ = 0;
  InForce in_force_{BrokerId{1}};
  Instant now_{1h};
};

TEST_F(InForceTest, ALoneNodeWaitsForNobody) {
  broker(1);
  commit(10);
  EXPECT_FALSE(in_force_.others());
  EXPECT_EQ(reached(), 10);
}

TEST_F(InForceTest, TheSlowestOfTheUnfencedCounts) {
  broker(1), broker(2), broker(3);
  commit(10);
  publish(2, 10);
  EXPECT_EQ(reached(), 0);
  publish(3, 9);
  EXPECT_EQ(reached(), 9);
  publish(3, 12);
  EXPECT_EQ(reached(), 10) << "what is not committed is in force nowhere";
}

TEST_F(InForceTest, AFencedBrokerDoesNotCountButIsRemembered) {
  broker(1), broker(2, true);
  commit(10);
  publish(2, 10);
  EXPECT_EQ(reached(), 10);
  commit(11);
  EXPECT_EQ(reached(), 11);
  broker(2, false);
  EXPECT_EQ(reached(), 10);
}

TEST_F(InForceTest, AReportThatComesLateTakesNothingBack) {
  broker(2);
  commit(10);
  publish(2, 10);
  publish(2, 4);
  EXPECT_EQ(reached(), 10);
}

TEST_F(InForceTest, ANewProcessBeginsWithNothing) {
  broker(2);
  commit(10);
  publish(2, 10);
  broker(2, false, 2);
  EXPECT_EQ(reached(), 0);
}

TEST_F(InForceTest, WhoIsBehindForHalfASecondIsLeftOutUntilItHasCaughtUp) {
  broker(2), broker(3);
  commit(10);
  publish(2, 10);
  now_ += 499ms;
  EXPECT_EQ(reached(), 0);
  now_ += 1ms;
  EXPECT_EQ(reached(), 10);
  commit(11);
  publish(2, 11);
  publish(3, 10);
  EXPECT_EQ(reached(), 11) << "it has not caught up with all that is known";
  publish(3, 11);
  commit(12);
  publish(2, 12);
  EXPECT_EQ(reached(), 11) << "it counts again";
}

TEST_F(InForceTest, WhoIsAlwaysALittleBehindIsNotLeftOut) {
  broker(2);
  for (std::int64_t index = 10; index < 1000; ++index) {
    commit(index);
    publish(2, index - 40);  // 400 ms
    now_ += 10ms;
    EXPECT_EQ(reached(), std::max<std::int64_t>(index - 40, 0)) << index;
  }
}

TEST_F(InForceTest, AnotherLeadershipBeginsWithNothing) {
  broker(2);
  commit(10);
  in_force_.reset();
  EXPECT_FALSE(in_force_.others());
  EXPECT_EQ(reached(), 0);
}

}  // namespace
}  // namespace thalweg::broker
