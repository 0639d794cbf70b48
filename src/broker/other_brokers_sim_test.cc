// The topics of coordinators in a cluster that comes up: who is asked first must not be the only one that has them.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/metadata_publisher.h"
#include "broker/other_brokers.h"
#include "broker/testing_program.h"
#include "network/channel.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class ComingUp : public testing::Test {
 protected:
  static constexpr int kBrokers = 3;
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int node = 1; node <= kBrokers; ++node) add(node);
    client_ = &world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
    client_->start();
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  static std::string host(int node) { return "broker-" + std::to_string(node); }
  void add(int node) {
    const config::Properties properties{{"process.roles", "broker,controller"},
                                        {"node.id", std::to_string(node)},
                                        {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
                                        {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                                        {"advertised.listeners", "PLAINTEXT://" + host(node) + ":9092"},
                                        {"controller.listener.names", "CONTROLLER"},
                                        {"log.dirs", "/data"},
                                        {"offsets.topic.num.partitions", "3"},
                                        {"transaction.state.log.num.partitions", "3"}};
    nodes_.push_back(&world_.add_node(
        host(node), 1, [properties](sim::Node& machine) { return BrokerProgram::run(machine, properties); }));
  }
  BrokerProgram* at(int node) {
    auto& machine = *nodes_.at(std::size_t(node - 1));
    return machine.is_up() ? &machine.program<BrokerProgram>() : nullptr;
  }
  // A group and a transactional id look for their coordinators, again and again, at the broker that serves first.
  static Task<> look_for_coordinators(const Shard* shard) {
    for (;;) {
      for (const std::int8_t type : {0, 1}) {
        const Instant deadline = shard->clock.now() + 30s;
        const auto channel = co_await network::Channel::connect(*shard, {host(1), 9092}, deadline);
        if (!channel) continue;
        protocol::FindCoordinatorRequest request;
        request.key = "orders";
        request.key_type = type;
        (void)co_await (*channel)->send<protocol::FindCoordinatorResponse>(std::move(request), 3, deadline);
      }
      co_await shard->clock.sleep_for(20ms);
    }
  }
  // That are at work, as the first one shows them.
  int brokers() {
    int count = 0;
    for (const auto& [id, broker] : at(1)->broker->publisher().published_image()->brokers()) count += broker.active();
    return count;
  }
  // How many replicas both topics have, once both are there.
  std::size_t replicas_of_coordinators() {
    std::size_t replicas = 0;
    const auto there = [&] {
      if (!at(1) || !at(1)->serves) return false;
      const auto image = at(1)->broker->publisher().published_image();
      const auto offsets = image->topic(std::string_view("__consumer_offsets"));
      const auto transactions = image->topic(std::string_view("__transaction_state"));
      if (!offsets || !transactions) return false;
      replicas = offsets->partitions.front().replicas.size();
      EXPECT_EQ(transactions->partitions.front().replicas.size(), replicas);
      return true;
    };
    EXPECT_TRUE(world_.run_until(there, 1min));
    return replicas;
  }

  sim::World world_{7};
  std::vector<sim::Node*> nodes_;
  sim::Node* client_ = nullptr;
};

TEST_F(ComingUp, WhoIsAskedFirstWaitsForTheOthers) {
  for (auto* node : nodes_) node->start();
  spawn(client_->shard(0), look_for_coordinators(&client_->shard(0)));
  EXPECT_EQ(replicas_of_coordinators(), 3u);
}

TEST_F(ComingUp, NobodyWaitsForLongForWhoDoesNotCome) {
  for (auto* node : nodes_) node->start();
  ASSERT_TRUE(world_.run_until([&] { return at(1) && at(1)->serves && brokers() == kBrokers; }, 1min));
  nodes_[2]->crash(sim::Crash::kKill);
  world_.run_until([&] { return brokers() == kBrokers - 1; }, 1min);
  spawn(client_->shard(0), look_for_coordinators(&client_->shard(0)));
  const Instant begun = world_.now();
  EXPECT_EQ(replicas_of_coordinators(), 2u);
  EXPECT_LT(world_.now() - begun, 12s) << "five seconds for each";
}

}  // namespace
}  // namespace thalweg::broker
