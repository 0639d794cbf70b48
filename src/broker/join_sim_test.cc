// A node that was started alone and becomes a cluster, because others are told to join it.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/controller_link.h"
#include "broker/metadata_publisher.h"
#include "broker/node_id.h"
#include "broker/testing_program.h"
#include "config/quorum_options.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class Joining : public testing::Test {
 protected:
  struct Program : BrokerProgram {
    config::BrokerConfig config;
  };

  void SetUp() override { log::set_level(log::Level::kNone); }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  static std::string host(int machine) { return "host-" + std::to_string(machine); }
  // As somebody starts it who has set nothing but where it is reached; the others join the first.
  void add(config::Properties more = {}) {
    const int number = int(machines_.size()) + 1;
    config::Properties& settings = settings_[number];
    settings = {{"listeners", "PLAINTEXT://:9092"},
                {"advertised.listeners", "PLAINTEXT://" + host(number) + ":9092"},
                {"log.dirs", "/data"}};
    if (number > 1) settings["thalweg.join"] = host(1) + ":9092";
    for (const auto& [name, value] : more) settings[name] = value;
    machines_.push_back(&world_.add_node(host(number), 1, [&settings](sim::Node& machine) {
      auto program = std::make_shared<Program>();
      program->config = loaded_config(settings);
      spawn(machine.shard(0), run(&machine.shard(0), program.get()));
      return program;
    }));
    machines_.back()->start();
  }
  // As the server does.
  static Task<> run(const Shard* shard, Program* program) {
    auto& config = program->config;
    if (config::lets_the_cluster_choose_its_id(config)) {
      const auto identity = co_await node_identity(*shard, config);
      CHECK(identity);
      config.node_id = identity->id;
      config.node_id_is_new = identity->is_new;
    }
    program->broker = std::make_unique<Broker>(std::vector{shard}, config);
    co_await BrokerProgram::start(program);
  }
  sim::Node& machine(int number) { return *machines_[std::size_t(number - 1)]; }
  Program& program(int number) { return machine(number).program<Program>(); }
  Broker& broker(int number) { return *program(number).broker; }
  bool serves(int number) { return machine(number).is_up() && program(number).serves; }
  bool until(const std::function<bool()>& done, Instant within) { return world_.run_until(done, within); }
  std::size_t voters(int number) { return broker(number).quorum().membership().voters.size(); }
  std::set<int> brokers(int number) {
    std::set<int> ids;
    for (const auto& [id, broker] : broker(number).publisher().published_image()->brokers())
      if (broker.active()) ids.insert(id.value);
    return ids;
  }
  ErrorCode create(int at, const std::string& name, std::int16_t replicas) {
    auto made = world_.run(machine(at), broker(at).controller().ask<protocol::CreateTopicsResponse>(
                                            creation_of(name, 1, replicas), 7, machine(at).shard(0).clock.now() + 10s));
    CHECK(made);
    return *made ? (*made)->topics.at(0).error_code : made->error().code;
  }
  std::string why() {
    std::string text;
    for (int number = 1; number <= int(machines_.size()); ++number)
      text += host(number) + (serves(number) ? " serves; " : " does not: " + program(number).why() + "; ");
    return text;
  }
  void grow_to_three() {
    add();
    ASSERT_TRUE(until([this] { return serves(1); }, 30s)) << why();
    add();
    add();
    ASSERT_TRUE(until([this] { return serves(2) && serves(3) && voters(1) == 3; }, 60s)) << why();
  }

  std::map<int, config::Properties> settings_;  // of the next life
  sim::World world_{17};
  std::vector<sim::Node*> machines_;
};

TEST_F(Joining, ANodeThatWasAloneBecomesThreeThatDoWithoutIt) {
  grow_to_three();
  EXPECT_EQ(brokers(1), (std::set<int>{1, 2, 3})) << "each has an id of its own, which the cluster gave";
  EXPECT_EQ(create(2, "orders", 3), ErrorCode::kNone);
  machine(1).crash(sim::Crash::kKill);
  ASSERT_TRUE(until([this] { return broker(2).quorum().is_leader() || broker(3).quorum().is_leader(); }, 10s));
  EXPECT_EQ(create(2, "payments", 1), ErrorCode::kNone);
  machine(1).start();
  ASSERT_TRUE(until([this] { return serves(1); }, 60s)) << why();
}

TEST_F(Joining, ALearnerComesFirstAndVotesOnlyWithAnother) {
  add();
  ASSERT_TRUE(until([this] { return serves(1); }, 30s)) << why();
  add();
  ASSERT_TRUE(until([this] { return serves(2); }, 30s)) << why();
  world_.run_for(30s);
  EXPECT_EQ(voters(1), 1u) << "two voters are worse than one";
  EXPECT_EQ(broker(1).quorum().membership().learners.size(), 1u);
}

TEST_F(Joining, EverybodyKeepsItsIdAndStartsInAnyOrder) {
  grow_to_three();
  const auto before = broker(2).config().node_id;
  for (auto* machine : machines_) machine->crash(sim::Crash::kPowerLoss);
  for (int number : {3, 2, 1}) machine(number).start();
  ASSERT_TRUE(until([this] { return serves(1) && serves(2) && serves(3); }, 60s)) << why();
  EXPECT_EQ(broker(2).config().node_id, before);
  EXPECT_EQ(voters(2), 3u);
}

TEST_F(Joining, TwoThatJoinAtOnceAreTwoNodes) {
  add();
  ASSERT_TRUE(until([this] { return serves(1); }, 30s)) << why();
  for (int i = 0; i < 4; ++i) add();
  ASSERT_TRUE(until([this] { return serves(2) && serves(3) && serves(4) && serves(5); }, 60s)) << why();
  EXPECT_EQ(brokers(1), (std::set<int>{1, 2, 3, 4, 5}));
}

TEST_F(Joining, AnEmptyDiskUnderAKnownIdRejoins) {
  grow_to_three();
  const auto before = broker(3).quorum().self();
  settings_[3]["node.id"] = std::to_string(broker(3).config().node_id.value);
  machine(3).crash(sim::Crash::kKill);
  ASSERT_TRUE(machine(3).disk().remove_directory("/data"));
  world_.run_for(3s);
  machine(3).start();
  ASSERT_TRUE(until([this] { return serves(3); }, 60s)) << why();
  EXPECT_NE(broker(3).quorum().self(), before) << "its vote is forgotten";
  EXPECT_TRUE(until([&] { return broker(3).quorum().membership().is_voter(broker(3).quorum().self()); }, 60s));
  EXPECT_EQ(voters(1), 3u);
  EXPECT_EQ(brokers(1), (std::set<int>{1, 2, 3}));
}

TEST_F(Joining, AForeignDiskIsRefused) {
  add();
  add({{"thalweg.join", ""}, {"node.id", "2"}});
  ASSERT_TRUE(until([this] { return serves(1) && serves(2); }, 30s)) << why();
  machine(2).crash(sim::Crash::kKill);
  settings_[2]["thalweg.join"] = host(1) + ":9092";
  machine(2).start();
  ASSERT_TRUE(until([this] { return !program(2).why().empty(); }, 30s));
  EXPECT_TRUE(program(2).why().contains("this node belongs to cluster")) << program(2).why();
  EXPECT_TRUE(program(2).why().contains("empty the directories")) << program(2).why();
  EXPECT_EQ(brokers(1), (std::set<int>{1}));
}

TEST_F(Joining, AJoinerWaitsForAClusterAndFoundsNone) {
  add();
  machine(1).crash(sim::Crash::kKill);
  ASSERT_TRUE(machine(1).disk().remove_directory("/data"));
  add({{"node.id", "2"}});
  world_.run_for(30s);
  EXPECT_FALSE(serves(2));
  machine(1).start();
  ASSERT_TRUE(until([this] { return serves(2); }, 30s)) << why();
  EXPECT_TRUE(until([this] { return brokers(2) == std::set<int>{1, 2}; }, 10s));
}

}  // namespace
}  // namespace thalweg::broker
