#include <gtest/gtest.h>

#include <optional>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using namespace std::chrono_literals;

// Brokers 1 and 2, and a topic with both partitions on both.
class ControlledShutdown : public ::testing::Test {
 protected:
  ControlledShutdown() {
    controller.start_broker(1, "rack", {1, 1});
    controller.start_broker(2);
    controller.create("orders", 2, 2);
  }
  // The heartbeat of a broker that has applied everything and wants to go.
  bool may_go(int id) { return controller.heartbeat(id, false, true).should_shut_down; }
  // The same of one that has published up to there, while that is in force at the others.
  bool may_go(int id, std::optional<Offset> in_force, Offset published) {
    auto beat = controller.beat(id, published);
    beat.want_shut_down = true;
    ControllerMachine::Context context;
    context.in_force = in_force;
    return controller.ask_with<protocol::BrokerHeartbeatResponse>(beat, context).should_shut_down;
  }
  const metadata::Broker& first() const { return *controller.image().broker(BrokerId{1}); }

  Controller controller;
};

TEST_F(ControlledShutdown, MovesLeadersFirst) {
  EXPECT_FALSE(may_go(1));
  EXPECT_TRUE(first().in_controlled_shutdown);
  for (int p = 0; p < 2; ++p) EXPECT_EQ(controller.partition("orders", p).leader, BrokerId{2});
  controller.heartbeat(2);  // and it knows
  EXPECT_TRUE(may_go(1));
  EXPECT_TRUE(first().fenced);
}

TEST_F(ControlledShutdown, AGoodbyeThatTheBrokerDoesNotRepeatWasNotItsOwn) {
  const auto before = first();
  may_go(1);
  ASSERT_TRUE(first().in_controlled_shutdown);
  EXPECT_FALSE(controller.heartbeat(1).is_fenced);
  EXPECT_EQ(first(), before);
}

TEST_F(ControlledShutdown, ABrokerWhoseGoodbyeSomebodyElseHasSaidToTheEndServesAgain) {
  may_go(1);
  controller.heartbeat(2);
  ASSERT_TRUE(may_go(1));
  EXPECT_FALSE(controller.heartbeat(1).is_fenced);
  EXPECT_TRUE(first().active());
}

TEST_F(ControlledShutdown, AGoodbyeThatWasTakenBackHastensNoLaterOne) {
  may_go(1);
  may_go(1);  // leads nothing: from here on the others have half a second to learn it
  controller.heartbeat(1);
  controller.advance(400ms);
  controller.heartbeat(1);
  controller.heartbeat(2);
  controller.advance(200ms);
  controller.create("payments", 2, 2);
  may_go(1);
  EXPECT_FALSE(may_go(1)) << "the other does not know yet";
}

TEST_F(ControlledShutdown, IsGrantedWhenTheOthersKnowTheNewLeaders) {
  const Offset before = controller.log_end();
  EXPECT_FALSE(may_go(1, before, before));
  EXPECT_FALSE(may_go(1, before, before)) << "it leads nothing, and nobody knows yet";
  EXPECT_TRUE(may_go(1, controller.log_end(), before));
}

TEST_F(ControlledShutdown, ReportsOfTheOthersSayTooThatTheyKnow) {
  may_go(1, {}, controller.log_end());
  EXPECT_FALSE(may_go(1, {}, controller.log_end()));
  controller.heartbeat(2);  // has applied everything
  EXPECT_TRUE(may_go(1, {}, controller.log_end()));
}

TEST_F(ControlledShutdown, ABrokerThatIsSlowToPublishHoldsAShutdownUpForHalfASecond) {
  may_go(1, Offset{0}, controller.log_end());
  EXPECT_FALSE(may_go(1, Offset{0}, controller.log_end()));
  controller.advance(499ms);
  EXPECT_FALSE(may_go(1, Offset{0}, controller.log_end()));
  controller.advance(1ms);
  EXPECT_TRUE(may_go(1, Offset{0}, controller.log_end()));
}

TEST(ControlledShutdownAlone, MayGoAtOnce) {
  Controller controller;
  controller.start_broker(1);
  controller.create("orders");
  EXPECT_TRUE(controller.heartbeat(1, false, true).should_shut_down);
}

}  // namespace
}  // namespace thalweg::controller
