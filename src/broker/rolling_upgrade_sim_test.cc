// Nodes that stand for the release before (thalweg.feature.levels.max) are replaced one by one, in a simulated world:
// whoever leads, nobody meets a record that it cannot read, and what is raised in the end keeps the old ones out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/forwarding.h"
#include "broker/metadata_publisher.h"
#include "broker/testing_program.h"
#include "config/broker_config.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kUpgraded = 3;
const std::string kBefore = "metadata.version=29,thalweg.version=0,transaction.version=0";

std::string host_of_upgraded(int node) { return "node-" + std::to_string(node); }

config::Properties settings_of_release(int node, bool old) {
  config::Properties settings{{"process.roles", "broker,controller"},
                              {"node.id", std::to_string(node)},
                              {"controller.quorum.voters", "1@node-1:9093,2@node-2:9093,3@node-3:9093"},
                              {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                              {"advertised.listeners", "PLAINTEXT://" + host_of_upgraded(node) + ":9092"},
                              {"controller.listener.names", "CONTROLLER"},
                              {"log.dirs", "/data"},
                              {"offsets.topic.replication.factor", "1"}};
  if (old) settings["thalweg.feature.levels.max"] = kBefore;
  return settings;
}

class RollingUpgrade : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int node = 1; node <= kUpgraded; ++node)
      machines_.push_back(&world_.add_node(host_of_upgraded(node), 1, [this, node](sim::Node& machine) {
        return BrokerProgram::run(machine, settings_of_release(node, old_.contains(node)));
      }));
  }
  void TearDown() override {
    for (auto* machine : machines_)
      if (machine->is_up()) machine->crash(sim::Crash::kKill);
    log::set_level(log::Level::kInfo);
  }

  sim::Node& machine(int node) { return *machines_[std::size_t(node - 1)]; }
  BrokerProgram& program(int node) { return machine(node).program<BrokerProgram>(); }
  bool all_serve() {
    return std::ranges::all_of(machines_,
                               [](auto* m) { return m->is_up() && m->template program<BrokerProgram>().serves; });
  }
  // Whoever cannot read what is written shows an old image for ever.
  bool all_show_the_same() {
    const auto index = program(1).broker->publisher().published_image()->index();
    for (int node = 1; node <= kUpgraded; ++node) {
      auto& publisher = program(node).broker->publisher();
      if (!publisher.health() || publisher.published_image()->index() != index) return false;
    }
    return true;
  }
  void start(int node, bool old) {
    if (old)
      old_.insert(node);
    else
      old_.erase(node);
    machine(node).start();
  }
  template <class Response, class Request>
  Response ask(int at, Request request, std::int16_t version) {
    auto answer = world_.run(
        machine(at),
        program(at).broker->forwarding().pass_on<Response>(
            std::move(request), version,
            ForwardedFrom{.principal = "User:ANONYMOUS", .client_host = "127.0.0.1", .client_id = "test"}, 20s));
    CHECK(answer && *answer);
    return **answer;
  }
  ErrorCode create_topic(int at) {
    return ask<protocol::CreateTopicsResponse>(at, creation_of("t" + std::to_string(++topics_), 3, 3), 7)
        .topics.at(0)
        .error_code;
  }
  protocol::UpdateFeaturesResponse raise(std::string feature, std::int16_t level) {
    protocol::UpdateFeaturesRequest request;
    request.timeout_ms = 5000;
    request.feature_updates.push_back(
        {.feature = std::move(feature), .max_version_level = level, .upgrade_type = std::int8_t{1}});
    return ask<protocol::UpdateFeaturesResponse>(1, std::move(request), 2);
  }
  std::int16_t level(std::string_view feature) {
    return program(1).broker->publisher().published_image()->feature(feature);
  }

  sim::World world_{23};
  std::vector<sim::Node*> machines_;
  std::set<int> old_;
  int topics_ = 0;
};

TEST_F(RollingUpgrade, NobodyMeetsARecordThatItCannotReadAndThenTheLevelsAreRaised) {
  for (int node = 1; node <= kUpgraded; ++node) start(node, true);
  ASSERT_TRUE(world_.run_until([this] { return all_serve(); }, 60s));
  EXPECT_EQ(level("metadata.version"), 29);
  EXPECT_EQ(level("thalweg.version"), 0);
  EXPECT_EQ(level("transaction.version"), 0);
  for (int node = 1; node <= kUpgraded; ++node) {
    machine(node).crash(sim::Crash::kKill);
    world_.run_for(1s);
    start(node, false);
    ASSERT_TRUE(world_.run_until([this] { return all_serve(); }, 60s)) << node;
    EXPECT_EQ(create_topic(node), ErrorCode::kNone);
    EXPECT_TRUE(world_.run_until([this] { return all_show_the_same(); }, 30s)) << "after node " << node;
    if (node == kUpgraded) break;
    EXPECT_THAT(raise("metadata.version", 30).error_message.value_or(""), HasSubstr("only supports versions 7-29"));
  }
  EXPECT_EQ(level("metadata.version"), 29) << "nobody has raised it yet";
  EXPECT_EQ(raise("metadata.version", 30).error_code, ErrorCode::kNone);
  EXPECT_EQ(level("transaction.version"), 0) << "clients go on as they did";
  EXPECT_EQ(raise("thalweg.version", 1).error_code, ErrorCode::kNone);
  EXPECT_EQ(raise("transaction.version", 2).error_code, ErrorCode::kNone);
  EXPECT_EQ(create_topic(2), ErrorCode::kNone);
  EXPECT_TRUE(world_.run_until([this] { return all_show_the_same(); }, 30s));
  EXPECT_EQ(level("metadata.version"), 30);
}

TEST_F(RollingUpgrade, WhoIsTooOldForWhatIsFinalizedDoesNotStart) {
  for (int node = 1; node <= kUpgraded; ++node) start(node, false);
  ASSERT_TRUE(world_.run_until([this] { return all_serve(); }, 60s));
  machine(3).crash(sim::Crash::kKill);
  world_.run_for(1s);
  start(3, true);
  ASSERT_TRUE(world_.run_until([this] { return program(3).refused.has_value(); }, 90s));
  EXPECT_EQ(program(3).refused->code, ErrorCode::kUnsupportedVersion);
  EXPECT_THAT(program(3).refused->message, AllOf(HasSubstr("metadata.version at level 30"), HasSubstr("speaks 7 to 29"),
                                                 HasSubstr("Start the release that the other nodes run")));
  machine(3).crash(sim::Crash::kKill);
  start(3, false);
  ASSERT_TRUE(world_.run_until([this] { return all_serve(); }, 60s));
  EXPECT_EQ(create_topic(1), ErrorCode::kNone);
}

}  // namespace
}  // namespace thalweg::broker
