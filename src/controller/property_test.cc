// Random requests against invariants that hold after every step. A failure names its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "controller/repair.h"
#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;

class World {
 public:
  // Below thalweg.version 1: nobody says that it has lost nothing, and is believed.
  explicit World(std::uint64_t seed) : controller_({.num_partitions = 2}, seed), random_(seed) {
    controller_.slow_down();
  }

  void step() {
    switch (random_.below(9)) {
      case 0:
        start_or_restart();
        break;
      case 1:
        create();
        break;
      case 2:
        remove();
        break;
      case 3:
        grow();
        break;
      case 4:
        configure();
        break;
      case 5:
        elect();
        break;
      case 6:
        change_isr();
        break;
      case 7:
        report();
        break;
      default:
        controller_.advance(Millis(static_cast<std::int64_t>(random_.below(4000))));
        break;
    }
  }
  const Controller& controller() const { return controller_; }

 private:
  BrokerId any_broker() { return BrokerId{static_cast<std::int32_t>(random_.below(4))}; }
  std::string any_topic() { return "t" + std::to_string(random_.below(6)); }

  void start_or_restart() {
    auto request = testing::registration(any_broker().value, {1, 1 + random_.below(3)});
    if (const auto* before = controller_.image().broker(request.broker_id))
      request.previous_broker_epoch = before->epoch;  // it has lost nothing
    controller_.ask<protocol::BrokerRegistrationResponse>(request);
  }
  void report() {
    const auto id = any_broker();
    if (controller_.image().broker(id)) controller_.heartbeat(id.value, random_.below(8) == 0, random_.below(12) == 0);
  }
  void create() {
    controller_.create(any_topic(), static_cast<int>(random_.below(4)) - 1, static_cast<int>(random_.below(5)) - 1);
  }
  void remove() {
    protocol::DeleteTopicsRequest request;
    request.topics.push_back({any_topic(), Uuid()});
    if (random_.below(4) == 0) controller_.ask<protocol::DeleteTopicsResponse>(request);
  }
  void grow() {
    protocol::CreatePartitionsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = any_topic();
    topic.count = static_cast<std::int32_t>(random_.below(8));
    controller_.ask<protocol::CreatePartitionsResponse>(request);
  }
  void configure() {
    protocol::IncrementalAlterConfigsRequest request;
    auto& r = request.resources.emplace_back();
    r.resource_type = 2;
    r.resource_name = any_topic();
    if (random_.below(3) == 0)
      r.configs.push_back(
          {"min.insync.replicas", static_cast<std::int8_t>(random_.below(2)), std::to_string(1 + random_.below(3))});
    else
      r.configs.push_back({random_.below(2) ? "unclean.leader.election.enable" : "preallocate",
                           static_cast<std::int8_t>(random_.below(2)), random_.below(2) ? "true" : "false"});
    controller_.ask<protocol::IncrementalAlterConfigsResponse>(request);
    controller_.advance(Millis(0));
  }
  void elect() {
    protocol::ElectLeadersRequest request;
    request.election_type = static_cast<std::int8_t>(random_.below(2));
    controller_.ask<protocol::ElectLeadersResponse>(request);
  }
  // A leader proposes some of its replicas.
  void change_isr() {
    const auto topic = controller_.image().topic(any_topic());
    if (!topic) return;
    const auto& partition = topic->partitions.front();
    const auto* leader = controller_.image().broker(partition.leader);
    if (!leader) return;
    std::vector<BrokerId> isr;
    for (const auto id : partition.replicas)
      if (id == leader->id || random_.below(2)) isr.push_back(id);
    controller_.ask<protocol::AlterPartitionResponse>(controller_.alteration(topic->name, 0, isr));
  }

  Controller controller_;
  Random random_;
};

void expect_sound(const metadata::Partition& partition, const metadata::Image& image) {
  const std::set<BrokerId> replicas(partition.replicas.begin(), partition.replicas.end());
  ASSERT_FALSE(replicas.empty());
  ASSERT_EQ(replicas.size(), partition.replicas.size());
  // Somebody has what was acknowledged.
  ASSERT_FALSE(partition.isr.empty() && partition.eligible_leader_replicas.empty());
  for (const auto id : partition.eligible_leader_replicas) {
    ASSERT_TRUE(replicas.contains(id));
    ASSERT_EQ(std::ranges::find(partition.isr, id), partition.isr.end());
  }
  for (const auto id : partition.isr) ASSERT_TRUE(replicas.contains(id));
  ASSERT_EQ(std::set<BrokerId>(partition.isr.begin(), partition.isr.end()).size(), partition.isr.size());
  if (partition.leader == kNoBroker) return;
  ASSERT_NE(std::ranges::find(partition.isr, partition.leader), partition.isr.end());
  ASSERT_TRUE(image.broker(partition.leader) && image.broker(partition.leader)->active());
  // Whoever is in sync beside a leader is there to be counted on.
  for (const auto id : partition.isr) ASSERT_TRUE(image.broker(id) && image.broker(id)->active());
}

void expect_sound(const metadata::Image& image) {
  std::set<Uuid> ids;
  for (const auto& [name, topic] : image.topics()) {
    ASSERT_TRUE(ids.insert(topic->id).second);
    ASSERT_EQ(image.topic(topic->id), topic);
    ASSERT_FALSE(topic->partitions.empty());
    for (const auto& partition : topic->partitions) expect_sound(partition, image);
  }
  ASSERT_EQ(image.topics_by_id().size(), image.topics().size());
  for (const auto& [resource, set] : image.all_configs())
    if (resource.type == metadata::ResourceType::kTopic) ASSERT_TRUE(image.topic(resource.name));
}

metadata::ImagePtr replay(const std::vector<Record>& log) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("cluster"));
  EXPECT_TRUE(builder.apply(log));
  return builder.build().image;
}

TEST(ControllerProperty, TheImageIsSoundAfterEveryStepAndEqualsItsLog) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    World world(seed);
    for (int i = 0; i < 300; ++i) {
      world.step();
      expect_sound(world.controller().image());
      // What needs another batch shows in the image, and here everything fits into one.
      ASSERT_TRUE(repair(world.controller().image(), {.num_partitions = 2}).records.empty()) << "after step " << i;
      if (HasFatalFailure()) return;
    }
    const auto replayed = replay(world.controller().log());
    ASSERT_EQ(*replayed, world.controller().image());
    ASSERT_EQ(*replay(replayed->snapshot()), *replayed);
  }
}

TEST(ControllerProperty, EqualSeedsGiveEqualLogs) {
  World a(7), b(7);
  for (int i = 0; i < 300; ++i) {
    a.step();
    b.step();
  }
  EXPECT_EQ(a.controller().log(), b.controller().log());
  EXPECT_GT(a.controller().log().size(), 50u);
}

}  // namespace
}  // namespace thalweg::controller
