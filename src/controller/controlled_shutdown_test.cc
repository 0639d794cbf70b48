#include <gtest/gtest.h>

#include <optional>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using namespace std::chrono_literals;

TEST(ControlledShutdown, ControlledShutdownMovesLeadersFirst) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  const auto first = controller.heartbeat(1, false, true);
  EXPECT_FALSE(first.should_shut_down);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->in_controlled_shutdown);
  for (int p = 0; p < 2; ++p) EXPECT_EQ(controller.partition("orders", p).leader, BrokerId{2});
  controller.heartbeat(2);  // and it knows
  const auto second = controller.heartbeat(1, false, true);
  EXPECT_TRUE(second.should_shut_down);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->fenced);
}

TEST(ControlledShutdown, AGoodbyeThatTheBrokerDoesNotRepeatWasNotItsOwn) {
  Controller controller;
  controller.start_broker(1, "rack", {1, 1});
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  const auto before = *controller.image().broker(BrokerId{1});
  controller.heartbeat(1, false, true);
  ASSERT_TRUE(controller.image().broker(BrokerId{1})->in_controlled_shutdown);
  EXPECT_FALSE(controller.heartbeat(1).is_fenced);
  EXPECT_EQ(*controller.image().broker(BrokerId{1}), before);
}

TEST(ControlledShutdown, ABrokerWhoseGoodbyeSomebodyElseHasSaidToTheEndServesAgain) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  controller.heartbeat(1, false, true);
  controller.heartbeat(2);
  ASSERT_TRUE(controller.heartbeat(1, false, true).should_shut_down);
  EXPECT_FALSE(controller.heartbeat(1).is_fenced);
  EXPECT_TRUE(controller.image().broker(BrokerId{1})->active());
}

TEST(ControlledShutdown, AGoodbyeThatWasTakenBackHastensNoLaterOne) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  controller.heartbeat(1, false, true);
  controller.heartbeat(1, false, true);  // leads nothing: from here on the others have half a second to learn it
  controller.heartbeat(1);
  controller.advance(400ms);
  controller.heartbeat(1);
  controller.heartbeat(2);
  controller.advance(200ms);
  controller.create("payments", 2, 2);
  controller.heartbeat(1, false, true);
  EXPECT_FALSE(controller.heartbeat(1, false, true).should_shut_down) << "the other does not know yet";
}

TEST(ControlledShutdown, ALoneBrokerMayGoAtOnce) {
  Controller controller;
  controller.start_broker(1);
  controller.create("orders");
  EXPECT_TRUE(controller.heartbeat(1, false, true).should_shut_down);
}

protocol::BrokerHeartbeatResponse shut_down(Controller& controller, int id, std::optional<Offset> in_force,
                                            Offset published) {
  auto beat = controller.beat(id, published);
  beat.want_shut_down = true;
  ControllerMachine::Context context;
  context.in_force = in_force;
  return controller.ask_with<protocol::BrokerHeartbeatResponse>(beat, context);
}

TEST(ControlledShutdown, ControlledShutdownIsGrantedWhenTheOthersKnowTheNewLeaders) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  const Offset before = controller.log_end();
  EXPECT_FALSE(shut_down(controller, 1, before, before).should_shut_down);
  EXPECT_FALSE(shut_down(controller, 1, before, before).should_shut_down) << "it leads nothing, and nobody knows yet";
  EXPECT_TRUE(shut_down(controller, 1, controller.log_end(), before).should_shut_down);
}

TEST(ControlledShutdown, ReportsOfTheOthersSayTooThatTheyKnow) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  shut_down(controller, 1, {}, controller.log_end());
  EXPECT_FALSE(shut_down(controller, 1, {}, controller.log_end()).should_shut_down);
  controller.heartbeat(2);  // has applied everything
  EXPECT_TRUE(shut_down(controller, 1, {}, controller.log_end()).should_shut_down);
}

TEST(ControlledShutdown, ABrokerThatIsSlowToPublishHoldsAShutdownUpForHalfASecond) {
  Controller controller;
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  shut_down(controller, 1, Offset{0}, controller.log_end());
  EXPECT_FALSE(shut_down(controller, 1, Offset{0}, controller.log_end()).should_shut_down);
  controller.advance(499ms);
  EXPECT_FALSE(shut_down(controller, 1, Offset{0}, controller.log_end()).should_shut_down);
  controller.advance(1ms);
  EXPECT_TRUE(shut_down(controller, 1, Offset{0}, controller.log_end()).should_shut_down);
}

}  // namespace
}  // namespace thalweg::controller
