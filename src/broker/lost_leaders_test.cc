#include "broker/lost_leaders.h"

#include <gtest/gtest.h>

#include <memory>

#include "metadata/image_builder.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

constexpr BrokerId kLeader{2}, kAnother{3};

class MissingLeaders : public testing::Test {
 protected:
  MissingLeaders() : node_(world_.add_node("here", 1, [](sim::Node&) { return nullptr; })) {
    node_.start();
    leaders_ = std::make_unique<LostLeaders>(node_.shard(0));
    for (const BrokerId id : {kLeader, kAnother}) registered(id, 7, false);
  }
  void registered(BrokerId id, std::int64_t epoch, bool fenced) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = id;
    record.broker_epoch = epoch;
    record.fenced = fenced;
    ASSERT_TRUE(builder_.apply(record));
    leaders_->on_image(image());
  }
  const metadata::Image& image() { return *(image_ = builder_.build().image); }
  void wait() {
    done_ = std::make_shared<std::optional<Instant>>();
    spawn(node_.shard(0), wait_for(leaders_.get(), &node_.shard(0), done_));
    world_.run_for(0ms);
  }
  static Task<> wait_for(LostLeaders* leaders, const Shard* shard, std::shared_ptr<std::optional<Instant>> done) {
    co_await leaders->settled();
    *done = shard->clock.now();
  }
  bool goes_on() {
    world_.run_for(0ms);
    return done_->has_value();
  }

  sim::World world_{1};
  sim::Node& node_;
  metadata::ImageBuilder builder_{std::make_shared<const metadata::Image>("cluster")};
  metadata::ImagePtr image_;
  std::unique_ptr<LostLeaders> leaders_;
  std::shared_ptr<std::optional<Instant>> done_;
};

TEST_F(MissingLeaders, NobodyIsWaitedForWhoIsNotMissed) {
  wait();
  EXPECT_TRUE(goes_on());
}

TEST_F(MissingLeaders, AnAnswerWaitsUntilTheImageHasLetThemGo) {
  for (const BrokerId id : {kLeader, kAnother}) leaders_->lost(id, image());
  wait();
  registered(kLeader, 7, true);
  EXPECT_FALSE(goes_on()) << "the other one is missed still";
  registered(kAnother, 8, false);  // another process of it
  EXPECT_TRUE(goes_on());
}

TEST_F(MissingLeaders, WhoIsReachedAgainIsMissedNoMore) {
  leaders_->lost(kLeader, image());
  wait();
  EXPECT_FALSE(goes_on());
  leaders_->found(kLeader);
  EXPECT_TRUE(goes_on());
}

TEST_F(MissingLeaders, NobodyWaitsLongerThanTheirPatience) {
  const Instant begun = world_.now();
  leaders_->lost(kLeader, image());
  wait();
  world_.run_for(LostLeaders::kPatience - 1ms);
  EXPECT_FALSE(goes_on());
  world_.run_for(2ms);
  ASSERT_TRUE(goes_on());
  EXPECT_LE(**done_ - begun, LostLeaders::kPatience + 1ms);
  wait();
  EXPECT_TRUE(goes_on()) << "and nobody after them for the same loss";
}

TEST_F(MissingLeaders, WhomTheImageKnowsToBeGoneIsNotMissed) {
  registered(kLeader, 7, true);
  leaders_->lost(kLeader, image());
  leaders_->lost(BrokerId{9}, image());
  wait();
  EXPECT_TRUE(goes_on());
}

}  // namespace
}  // namespace thalweg::broker
