// Three brokers on simulated machines, with the options that everybody has: how soon the others take over from one that
// is killed, and that nobody is taken for dead who is only out of reach for a moment, or stops as he should.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/lost_leaders.h"
#include "broker/metadata_publisher.h"
#include "broker/testing_program.h"
#include "network/channel.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "raft/quorum.h"
#include "record/builder.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

constexpr int kMembers = 3;

std::string member_host(int id) { return "broker-" + std::to_string(id); }

config::Properties member_settings(int id) {
  return {
      {"process.roles", "broker,controller"},
      {"node.id", std::to_string(id)},
      {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
      {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
      {"advertised.listeners", "PLAINTEXT://" + member_host(id) + ":9092"},
      {"controller.listener.names", "CONTROLLER"},
      {"log.dirs", "/data"},
  };
}

class Failover : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int id = 1; id <= kMembers; ++id) {
      nodes_.push_back(&world_.add_node(
          member_host(id), 1, [id](sim::Node& node) { return BrokerProgram::run(node, member_settings(id)); }));
      nodes_.back()->start();
    }
    ASSERT_TRUE(until([this] { return serving() == kMembers; }, 1min));
    create();
    world_.run_for(1s);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  sim::Node& node(int id) { return *nodes_[std::size_t(id - 1)]; }
  BrokerProgram* at(int id) { return node(id).is_up() ? &node(id).program<BrokerProgram>() : nullptr; }
  int serving() {
    int count = 0;
    for (int id = 1; id <= kMembers; ++id) count += at(id) && at(id)->serves;
    return count;
  }
  int controller() {
    for (int id = 1; id <= kMembers; ++id)
      if (auto* one = at(id); one && one->serves && one->broker->quorum().is_leader()) return id;
    return 0;
  }
  bool until(const std::function<bool()>& done, Instant within) { return world_.run_until(done, within); }
  Instant now() { return world_.now(); }

  // Partition i of "orders" is led by broker i + 1, as long as all are there.
  static protocol::CreateTopicsRequest creation() {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = topic.replication_factor = -1;
    for (int first = 1; first <= kMembers; ++first) {
      auto& assignment = topic.assignments.emplace_back();
      assignment.partition_index = PartitionId{first - 1};
      for (int i = 0; i < kMembers; ++i) assignment.broker_ids.push_back(BrokerId{(first - 1 + i) % kMembers + 1});
    }
    return request;
  }
  void create() {
    auto& broker = *at(1)->broker;
    const auto made = world_.run(node(1), broker.controller().ask<protocol::CreateTopicsResponse>(
                                              creation(), 7, node(1).shard(0).clock.now() + 10s));
    ASSERT_TRUE(made && *made);
    ASSERT_EQ((*made)->topics.at(0).error_code, ErrorCode::kNone);
  }
  // Both are asked for at once, so that neither is committed when the other one is decided.
  static Task<> delete_topic(ControllerLink* controller, Instant deadline) {
    protocol::DeleteTopicsRequest request;
    request.topics.emplace_back().name = "orders";
    (void)co_await controller->ask<protocol::DeleteTopicsResponse>(std::move(request), 6, deadline);
  }
  static Task<> create_topic(ControllerLink* controller, Instant deadline) {
    (void)co_await controller->ask<protocol::CreateTopicsResponse>(creation(), 7, deadline);
  }
  Uuid topic_id(int id) {
    const auto topic = image(id)->topic(std::string_view("orders"));
    return topic ? topic->id : Uuid();
  }
  // Everybody is in sync, and leads what is preferably its own.
  void settle() {
    ASSERT_TRUE(until([this] { return serving() == kMembers && is_calm() && all_in_sync(); }, 1min));
    auto& broker = *at(controller())->broker;
    auto& clock = node(controller()).shard(0).clock;
    protocol::ElectLeadersRequest preferred;
    preferred.topic_partitions.reset();  // all
    const auto elected = world_.run(
        node(controller()), broker.controller().ask<protocol::ElectLeadersResponse>(preferred, 2, clock.now() + 10s));
    ASSERT_TRUE(elected && *elected);
    world_.run_for(1s);
  }
  bool all_in_sync() {
    if (controller() == 0) return false;
    for (int partition = 0; partition < kMembers; ++partition)
      if (image(controller())->partition("orders", PartitionId{partition})->isr.size() != kMembers) return false;
    return true;
  }
  metadata::ImagePtr image(int id) { return at(id)->broker->publisher().published_image(); }
  // As everybody who is there shows it.
  bool is_led_by_another(int partition, int than) {
    for (int id = 1; id <= kMembers; ++id) {
      if (!at(id)) continue;
      const auto* state = image(id)->partition("orders", PartitionId{partition});
      if (!state || state->leader == kNoBroker || state->leader == BrokerId{than}) return false;
    }
    return true;
  }
  // How long it takes until somebody else leads its partition, as all the others show it.
  std::optional<Instant> gap_after(int dies, Instant within) {
    const Instant begun = now();
    if (!until([&] { return is_led_by_another(dies - 1, dies); }, within)) return std::nullopt;
    return now() - begun;
  }
  // Everybody shows every broker but `away` as unfenced.
  bool is_calm(int away = 0) {
    for (int id = 1; id <= kMembers; ++id) {
      if (id == away) continue;
      for (int other = 1; other <= kMembers; ++other) {
        const auto* broker = image(id)->broker(BrokerId{other});
        if (other != away && (!broker || broker->fenced)) return false;
      }
    }
    return true;
  }
  static Task<> produce(const Shard* shard, Uuid topic_id) {
    const Instant deadline = shard->clock.now() + 60s;
    const auto channel = co_await network::Channel::connect(*shard, {member_host(1), 9092}, deadline);
    CHECK(channel);
    record::BatchBuilder builder;
    builder.append({.timestamp = sim::kStartOfTime, .key = as_bytes("k"), .value = as_bytes("v")});
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.topic_id = topic_id;
    topic.partition_data.emplace_back().records = builder.build();
    (void)co_await (*channel)->send<protocol::ProduceResponse>(std::move(request), 13, deadline);
  }
  // What a client is told by `asked` that asks as soon as its connection to `dies` has ended, or as soon as that one
  // dies, as if it had noticed before anybody else.
  struct Told {
    bool connected = false, quickest = false, died = false;
    std::optional<BrokerId> leader;
  };
  static Task<BrokerId> leader_of(network::Channel* of, int partition, Instant deadline) {
    protocol::MetadataRequest request;
    request.topics.emplace().emplace_back().name = "orders";
    const auto answer = co_await of->send<protocol::MetadataResponse>(std::move(request), 9, deadline);
    CHECK(answer);
    for (const auto& one : answer->topics.at(0).partitions)
      if (one.partition_index.value == partition) co_return one.leader_id;
    co_return kNoBroker;
  }
  static Task<> look_for_another(const Shard* shard, int dies, int asked, std::shared_ptr<Told> told) {
    const Instant deadline = shard->clock.now() + 60s;
    const auto dying = co_await network::Channel::connect(*shard, {member_host(dies), 9092}, deadline);
    const auto living = co_await network::Channel::connect(*shard, {member_host(asked), 9092}, deadline);
    CHECK(dying && living);
    if (told->quickest) co_await leader_of(living->get(), dies - 1, deadline);
    told->connected = true;
    while (told->quickest ? !told->died : (*dying)->is_open()) co_await shard->clock.sleep_for(50us);
    told->leader = co_await leader_of(living->get(), dies - 1, deadline);
  }
  // Of one client in each of so many rounds.
  void expect_to_be_told_the_next_leader(int rounds, bool quickest) {
    auto& client = world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
    client.start();
    for (int round = 0; round < rounds; ++round) {
      settle();
      const int dies = (controller() + (round % 3 ? 0 : 1) - 1) % kMembers + 1;  // mostly the controller
      const int asked = (dies + round % 2) % kMembers + 1;
      const auto told = std::make_shared<Told>(Told{.quickest = quickest});
      spawn(client.shard(0), look_for_another(&client.shard(0), dies, asked, told));
      ASSERT_TRUE(until([&] { return told->connected; }, 10s));
      node(dies).crash(sim::Crash::kKill);
      told->died = true;
      const Instant begun = now();
      ASSERT_TRUE(until([&] { return told->leader.has_value(); }, 10s));
      EXPECT_NE(*told->leader, BrokerId{dies}) << "round " << round;
      EXPECT_NE(*told->leader, kNoBroker) << "round " << round;
      EXPECT_LT(now() - begun, LostLeaders::kPatience);
      node(dies).start();
    }
  }
  LeaderEpoch epoch(int partition) { return image(1)->partition("orders", PartitionId{partition})->leader_epoch; }

  sim::World world_{3};
  std::vector<sim::Node*> nodes_;
};

TEST_F(Failover, AKilledLeaderIsReplacedLongBeforeItIsMissed) {
  for (int round = 0; round < 5; ++round) {
    settle();
    const int dies = controller() % kMembers + 1;
    ASSERT_FALSE(is_led_by_another(dies - 1, dies));
    node(dies).crash(sim::Crash::kKill);
    const auto gap = gap_after(dies, 10s);
    ASSERT_TRUE(gap);
    EXPECT_LT(*gap, 300ms);
    node(dies).start();
  }
}

TEST_F(Failover, AKilledControllerThatLeadsIsReplacedWithinASecond) {
  for (int round = 0; round < 5; ++round) {
    settle();
    const int dies = controller();
    ASSERT_FALSE(is_led_by_another(dies - 1, dies));
    node(dies).crash(sim::Crash::kKill);
    const auto gap = gap_after(dies, 10s);
    ASSERT_TRUE(gap);
    EXPECT_LT(*gap, 1s);
    node(dies).start();
  }
}

// Its clients ask somebody else the moment their connections end, before the controller knows.
TEST_F(Failover, WhoAsksTheMomentThatALeaderDiesIsToldTheNextOne) { expect_to_be_told_the_next_leader(12, false); }
TEST_F(Failover, WhoAsksAgainBeforeAnybodyElseHasNoticedIsToldTheNextOne) {
  expect_to_be_told_the_next_leader(12, true);
}

// The metadata log may have both changes in records that say of neither that it is committed: who starts knows first of
// the topic that is no more, and finds folders of the other one under its name.
TEST_F(Failover, ATopicThatIsDeletedAndMadeAgainInTheSameMomentKeepsItsRecords) {
  settle();
  const Uuid before = topic_id(1);
  const int leads = controller();
  const Instant deadline = node(leads).shard(0).clock.now() + 10s;
  spawn(node(leads).shard(0), delete_topic(&at(leads)->broker->controller(), deadline));
  spawn(node(leads).shard(0), create_topic(&at(leads)->broker->controller(), deadline));
  const auto all_have_it = [&] {
    for (int id = 1; id <= kMembers; ++id)
      if (topic_id(id) == before || topic_id(id).is_zero()) return false;
    return true;
  };
  ASSERT_TRUE(until(all_have_it, 10s));
  const replica::PartitionKey key{topic_id(1), PartitionId{0}};
  spawn(node(1).shard(0), produce(&node(1).shard(0), key.topic_id));
  const auto on_disk = [&](int id) {
    const auto partition = at(id)->broker->owner_of(key).partitions.find(key);
    return partition ? partition->log().durable().value() : Offset{-1};
  };
  const auto all_have_the_record = [&] {
    for (int id = 1; id <= kMembers; ++id)
      if (on_disk(id) != Offset{1}) return false;
    return true;
  };
  ASSERT_TRUE(until(all_have_the_record, 10s));
  for (int id = 1; id <= kMembers; ++id) node(id).crash(sim::Crash::kKill);
  for (int id = 1; id <= kMembers; ++id) node(id).start();
  ASSERT_TRUE(until([&] { return serving() == kMembers && is_calm() && all_have_it(); }, 1min));
  EXPECT_TRUE(until(all_have_the_record, 10s));
}

TEST_F(Failover, WhoIsOutOfReachIsMissedAfterItsPatience) {
  const int away = controller() % kMembers + 1;
  for (int id = 1; id <= kMembers; ++id)
    if (id != away) world_.network.part(member_host(id), member_host(away));
  const Instant begun = now();
  ASSERT_TRUE(until([&] { return image(controller())->broker(BrokerId{away})->fenced; }, 10s));
  EXPECT_GE(now() - begun, 600ms) << "a wire that is cut is no death";
  EXPECT_LE(now() - begun, 1200ms);
  world_.network.join_all();
  settle();
}

// Connections that end while everybody lives: the ports are there, so nobody is fenced, and nobody leads another epoch.
TEST_F(Failover, AConnectionThatEndsIsNoDeath) {
  const std::vector<LeaderEpoch> before{epoch(0), epoch(1), epoch(2)};
  world_.network.faults.reset_one_in = 200;
  for (int i = 0; i < 100; ++i) {
    world_.run_for(100ms);
    ASSERT_TRUE(is_calm());
  }
  world_.network.faults.reset_one_in = 0;
  EXPECT_EQ((std::vector{epoch(0), epoch(1), epoch(2)}), before);
}

TEST_F(Failover, ACleanStopHandsOverWhatItLedAndTheQuorum) {
  settle();
  const int stops = controller();
  spawn(node(stops).shard(0), BrokerProgram::stop(at(stops)));
  ASSERT_TRUE(until([&] { return at(stops)->stopped; }, 30s));
  EXPECT_TRUE(is_led_by_another(stops - 1, stops));
  const auto another_leads = [&] {
    for (int id = 1; id <= kMembers; ++id)
      if (id != stops && at(id)->broker->quorum().is_leader()) return true;
    return false;
  };
  EXPECT_TRUE(until(another_leads, 100ms)) << "the heir was named before, and no election timeout is waited for";
  EXPECT_TRUE(is_calm(stops));
  node(stops).crash(sim::Crash::kKill);
  node(stops).start();
  settle();
}

// The last ones have no controller any more that would let them go.
TEST_F(Failover, AllThreeStopWithinTwoSecondsWhenTheyStopAtOnce) {
  for (int round = 0; round < 5; ++round) {
    settle();
    const Instant begun = now();
    for (int id = 1; id <= kMembers; ++id) {
      spawn(node(id).shard(0), BrokerProgram::stop(at(id)));
      world_.run_for(Millis(100 * round));  // one after the other, sooner or later
    }
    std::vector<bool> down(kMembers);
    const auto all_down = [&] {
      for (int id = 1; id <= kMembers; ++id) {
        if (down[std::size_t(id - 1)] || !at(id)->stopped) continue;
        node(id).crash(sim::Crash::kKill);  // the process ends, and its port with it
        down[std::size_t(id - 1)] = true;
      }
      return std::ranges::count(down, true) == kMembers;
    };
    ASSERT_TRUE(until(all_down, 30s));
    EXPECT_LT(now() - begun, 2s) << "round " << round;
    for (int id = 1; id <= kMembers; ++id) node(id).start();
  }
}

// It waits for in-sync replicas that are gone, and for a controller to let it go; so did whoever stopped it, for 11 s.
TEST_F(Failover, TheLastOneStopsSoonAlthoughItIsAskedForAcksOfAll) {
  settle();
  auto& client = world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
  client.start();
  for (int id : {2, 3}) node(id).crash(sim::Crash::kKill);
  spawn(client.shard(0), produce(&client.shard(0), image(1)->topic(std::string_view("orders"))->id));
  world_.run_for(20ms);
  const Instant begun = now();
  spawn(node(1).shard(0), BrokerProgram::stop(at(1)));
  ASSERT_TRUE(until([&] { return at(1)->stopped; }, 30s));
  EXPECT_LT(now() - begun, 3s);
}

TEST_F(Failover, ANewClusterIsQuick) { EXPECT_EQ(image(1)->feature("thalweg.version"), 1); }

}  // namespace
}  // namespace thalweg::broker
