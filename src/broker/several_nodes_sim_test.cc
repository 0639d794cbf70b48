// Nodes that come to a cluster that is there: with an empty disk, with another one, or with a part of what they had.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/metadata_publisher.h"
#include "broker/testing_program.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class SeveralNodes : public testing::Test {
 protected:
  static constexpr int kFounders = 3;
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int node = 1; node <= kFounders; ++node) add(node, "broker,controller");
    for (int node = 1; node <= kFounders; ++node) machine(node).start();
    ASSERT_TRUE(until([&] { return all_serve({1, 2, 3}); }, 60s)) << why();
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  static std::string host(int node) { return "broker-" + std::to_string(node); }
  // Two disks; the metadata are on the first.
  void add(int node, const std::string& roles) {
    const bool votes = roles != "broker";
    config::Properties properties{{"process.roles", roles},
                                  {"node.id", std::to_string(node)},
                                  {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
                                  {"listeners", votes ? "PLAINTEXT://:9092,CONTROLLER://:9093" : "PLAINTEXT://:9092"},
                                  {"advertised.listeners", "PLAINTEXT://" + host(node) + ":9092"},
                                  {"controller.listener.names", "CONTROLLER"},
                                  {"log.dirs", "/first,/second"},
                                  {"broker.heartbeat.interval.ms", "500"},
                                  {"broker.session.timeout.ms", "2500"},
                                  {"controller.quorum.election.timeout.ms", "400"},
                                  {"offsets.topic.replication.factor", "1"}};
    machines_.push_back(&world_.add_node(
        host(node), 1, [properties](sim::Node& machine) { return BrokerProgram::run(machine, properties); }));
  }
  sim::Node& machine(int node) { return *machines_.at(std::size_t(node - 1)); }
  BrokerProgram* program(int node) { return machine(node).is_up() ? &machine(node).program<BrokerProgram>() : nullptr; }
  void kill(int node) { machine(node).crash(sim::Crash::kKill); }
  // With all that is in it. REQUIRES: it is down
  void empty(int node, const std::string& directory) { CHECK(machine(node).disk().remove_directory(directory)); }
  bool until(const std::function<bool()>& done, Instant within) { return world_.run_until(done, within); }
  bool all_serve(const std::vector<int>& nodes) {
    return std::ranges::all_of(nodes, [&](int node) { return program(node) && program(node)->serves; });
  }
  // Each of these shows all of them, unfenced.
  bool are_one_cluster(const std::vector<int>& nodes) {
    if (!all_serve(nodes)) return false;
    return std::ranges::all_of(nodes, [&](int node) {
      const auto image = program(node)->broker->publisher().published_image();
      return std::ranges::all_of(nodes, [&](int other) {
        const auto* broker = image->broker(BrokerId{other});
        return broker && broker->active();
      });
    });
  }
  std::string cluster_id(int node) { return program(node)->broker->publisher().published_image()->cluster_id(); }
  std::string why() {
    std::string text;
    for (int node = 1; node <= int(machines_.size()); ++node)
      text += host(node) + (!program(node)          ? " is down; "
                            : program(node)->serves ? " serves; "
                                                    : " starts " + program(node)->why() + "; ");
    return text;
  }

  sim::World world_{5};
  std::vector<sim::Node*> machines_;
};

TEST_F(SeveralNodes, AnEmptyNodeJoinsTheClusterThatIsThere) {
  const auto id = cluster_id(1);
  add(4, "broker");
  machine(4).start();
  ASSERT_TRUE(until([&] { return are_one_cluster({1, 2, 3, 4}); }, 60s)) << why();
  EXPECT_EQ(cluster_id(4), id);
}

// Its vote and what it has acknowledged are gone, so it is another member.
TEST_F(SeveralNodes, AFounderWithAnEmptiedDiskJoinsAsAnotherMember) {
  ASSERT_TRUE(until([&] { return are_one_cluster({1, 2, 3}); }, 60s)) << why();
  const auto id = cluster_id(1);
  const auto before = program(3)->broker->quorum().self();
  kill(3);
  empty(3, "/first");
  empty(3, "/second");
  world_.run_for(3s);
  machine(3).start();
  ASSERT_TRUE(until([&] { return are_one_cluster({1, 2, 3}); }, 60s)) << why();
  EXPECT_EQ(cluster_id(3), id);
  EXPECT_NE(program(3)->broker->quorum().self(), before);
}

// What is left of them says which cluster it was, and nothing of what its quorum had decided.
TEST_F(SeveralNodes, TwoFoundersWithoutTheirMetadataFoundNothing) {
  ASSERT_TRUE(until([&] { return are_one_cluster({1, 2, 3}); }, 60s)) << why();
  for (int node = 1; node <= 3; ++node) kill(node);
  for (int node : {1, 2}) {
    empty(node, "/first");
    machine(node).start();
  }
  world_.run_for(60s);
  EXPECT_FALSE(all_serve({1}) || all_serve({2})) << "a cluster that knows nothing of what the third one has";
  machine(3).start();
  world_.run_for(10s);
  EXPECT_FALSE(all_serve({1}) || all_serve({2})) << "the third one alone is no majority";
}

TEST_F(SeveralNodes, AFounderWithoutItsMetadataJoinsAsAnotherMember) {
  ASSERT_TRUE(until([&] { return are_one_cluster({1, 2, 3}); }, 60s)) << why();
  const auto before = program(3)->broker->quorum().self();
  kill(3);
  empty(3, "/first/__cluster_metadata-0");
  world_.run_for(3s);
  machine(3).start();
  ASSERT_TRUE(until([&] { return are_one_cluster({1, 2, 3}); }, 60s)) << why();
  EXPECT_NE(program(3)->broker->quorum().self(), before);
}

}  // namespace
}  // namespace thalweg::broker
