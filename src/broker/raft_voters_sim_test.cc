// Nodes whose votes are given and taken by request (AddRaftVoter, RemoveRaftVoter), asked at whichever node it is, and
// whose addresses change (UpdateRaftVoter, and by themselves).
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/forwarding.h"
#include "broker/metadata_publisher.h"
#include "broker/testing_program.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

constexpr int kMachines = 3;

std::string host_of(int node) { return "node-" + std::to_string(node); }

// The first founds a cluster alone; the others have its address. Nobody is given a vote without being asked for.
config::Properties settings_of(int node) {
  config::Properties settings{
      {"process.roles", "broker,controller"},
      {"node.id", std::to_string(node)},
      {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
      {"advertised.listeners", "PLAINTEXT://" + host_of(node) + ":9092,CONTROLLER://" + host_of(node) + ":9093"},
      {"controller.listener.names", "CONTROLLER"},
      {"log.dirs", "/data"},
      {"thalweg.quorum.voters", "1"}};
  if (node > 1) settings["controller.quorum.bootstrap.servers"] = host_of(1) + ":9093";
  return settings;
}

class RaftVoters : public testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kNone); }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  void begin(std::function<config::Properties(int)> settings = settings_of) {
    for (int node = 1; node <= kMachines; ++node) {
      machines_.push_back(&world_.add_node(host_of(node), 1, [settings, node](sim::Node& machine) {
        return BrokerProgram::run(machine, settings(node));
      }));
      machines_.back()->start();
    }
    ASSERT_TRUE(world_.run_until([this] { return serving() == kMachines; }, 60s));
    world_.run_for(3s);
  }
  sim::Node& machine(int node) { return *machines_[std::size_t(node - 1)]; }
  Broker& broker(int node) { return *machine(node).program<BrokerProgram>().broker; }
  int serving() {
    return int(std::ranges::count_if(
        machines_, [](auto* m) { return m->is_up() && m->template program<BrokerProgram>().serves; }));
  }
  int leader() {
    for (int node = 1; node <= kMachines; ++node)
      if (machine(node).is_up() && broker(node).quorum().is_leader()) return node;
    return 0;
  }
  Uuid directory(int node) {
    for (const auto& [id, member] : broker(node).quorum().members().members())
      if (member.node == BrokerId{node}) return member.directory;
    return {};
  }
  std::size_t voters() { return broker(leader()).quorum().membership().voters.size(); }

  protocol::AddRaftVoterRequest addition_of(int node) {
    protocol::AddRaftVoterRequest request;
    request.cluster_id.reset();
    request.timeout_ms = 10'000;
    request.voter_id = BrokerId{node};
    request.voter_directory_id = directory(node);
    request.listeners.push_back({"CONTROLLER", host_of(node), 9093});
    return request;
  }
  protocol::AddRaftVoterResponse add(int at, protocol::AddRaftVoterRequest request) {
    return ask<protocol::AddRaftVoterResponse>(at, std::move(request), 1);
  }
  protocol::RemoveRaftVoterResponse remove(int at, int node) {
    protocol::RemoveRaftVoterRequest request;
    request.cluster_id.reset();
    request.voter_id = BrokerId{node};
    request.voter_directory_id = directory(node);
    return ask<protocol::RemoveRaftVoterResponse>(at, std::move(request), 0);
  }
  template <class Response, class Request>
  Response ask(int at, Request request, std::int16_t version) {
    auto answer = world_.run(
        machine(at),
        broker(at).forwarding().pass_on<Response>(
            std::move(request), version,
            ForwardedFrom{.principal = "User:ANONYMOUS", .client_host = "127.0.0.1", .client_id = "test"}, 20s));
    CHECK(answer && *answer);
    return **answer;
  }
  // As voter 2 says it to the leader of now.
  protocol::UpdateRaftVoterRequest update_of(int node) {
    protocol::UpdateRaftVoterRequest request;
    request.cluster_id.reset();
    request.current_leader_epoch = broker(leader()).quorum().leader().epoch;
    request.voter_id = BrokerId{node};
    request.voter_directory_id = directory(node);
    request.listeners.push_back({"controller", host_of(node), 9999});
    request.kraft_version_feature.max_supported_version = 1;
    return request;
  }
  using UpdateAnswer = Result<protocol::UpdateRaftVoterResponse>;
  Task<UpdateAnswer> updating(int at, protocol::UpdateRaftVoterRequest request) {
    return broker(at).controller_here().forward_within<protocol::UpdateRaftVoterResponse>(std::move(request), 0, 5s);
  }
  static Task<> keep(Task<UpdateAnswer> asking, std::optional<UpdateAnswer>* answer) {
    answer->emplace(co_await std::move(asking));
  }
  protocol::UpdateRaftVoterResponse update(int at, protocol::UpdateRaftVoterRequest request) {
    auto answer = world_.run(machine(at), updating(at, std::move(request)));
    CHECK(answer && *answer);
    return **answer;
  }
  ErrorCode error_of(int at, protocol::UpdateRaftVoterRequest request) {
    return update(at, std::move(request)).error_code;
  }
  std::uint16_t port_of(int node) {
    const auto& members = broker(leader()).quorum().members();
    return members.find(BrokerId{node}, directory(node))->endpoints.at("CONTROLLER").port;
  }
  bool creates_a_topic(int at) {
    return ask<protocol::CreateTopicsResponse>(at, creation_of("t" + std::to_string(++topics_)), 7)
               .topics.at(0)
               .error_code == ErrorCode::kNone;
  }

  sim::World world_{11};
  std::vector<sim::Node*> machines_;
  int topics_ = 0;
};

TEST_F(RaftVoters, DecideOnceTheyAreAddedAndFollowOnceTheyAreRemoved) {
  begin();
  ASSERT_EQ(leader(), 1);
  ASSERT_EQ(voters(), 1u);
  for (const int node : {2, 3}) {
    const auto added = add(node, addition_of(node));
    ASSERT_EQ(added.error_code, ErrorCode::kNone) << added.error_message.value_or("");
  }
  EXPECT_EQ(voters(), 3u);
  EXPECT_EQ(add(3, addition_of(2)).error_code, ErrorCode::kDuplicateVoter);
  const auto removed = remove(3, 1);  // it leads, so another one has to be asked
  EXPECT_EQ(removed.error_code, ErrorCode::kNone) << removed.error_message.value_or("");
  ASSERT_NE(leader(), 1);
  EXPECT_EQ(voters(), 2u);
  EXPECT_EQ(remove(2, 1).error_code, ErrorCode::kVoterNotFound);
  EXPECT_TRUE(creates_a_topic(1)) << "it follows, and passes on what it is asked";
  machine(1).crash(sim::Crash::kKill);
  EXPECT_TRUE(creates_a_topic(2)) << "two of two are left";
  EXPECT_EQ(remove(2, leader() == 2 ? 3 : 2).error_code, ErrorCode::kNone);
  EXPECT_EQ(remove(2, leader()).error_code, ErrorCode::kInvalidRequest) << "the last one";
}

TEST_F(RaftVoters, AreKnownAfterAllHaveStartedAgain) {
  begin();
  for (const int node : {2, 3}) ASSERT_EQ(add(1, addition_of(node)).error_code, ErrorCode::kNone);
  ASSERT_EQ(remove(1, 3).error_code, ErrorCode::kNone);
  for (auto* machine : machines_) machine->crash(sim::Crash::kPowerLoss);
  for (auto* machine : machines_) machine->start();
  ASSERT_TRUE(world_.run_until([this] { return serving() == kMachines; }, 60s));
  world_.run_for(30s);
  EXPECT_EQ(voters(), 2u);
  EXPECT_EQ(remove(1, 3).error_code, ErrorCode::kVoterNotFound);
}

TEST_F(RaftVoters, AreAnsweredBeforeTheyAreCommittedWhenThatIsAsked) {
  begin();
  auto request = addition_of(2);
  request.ack_when_committed = false;
  EXPECT_EQ(add(1, std::move(request)).error_code, ErrorCode::kNone);
  world_.run_for(1s);
  EXPECT_EQ(voters(), 2u);
}

TEST_F(RaftVoters, AreRefusedWithKafkasErrors) {
  begin();
  auto other_cluster = addition_of(2);
  other_cluster.cluster_id = "another";
  EXPECT_EQ(add(1, other_cluster).error_code, ErrorCode::kInconsistentClusterId);
  auto nobody = addition_of(2);
  nobody.voter_directory_id = {};
  EXPECT_EQ(add(1, nobody).error_code, ErrorCode::kInvalidRequest);
  auto nowhere = addition_of(2);
  nowhere.listeners.clear();
  EXPECT_EQ(add(1, nowhere).error_code, ErrorCode::kInvalidRequest);
  auto stranger = addition_of(2);
  stranger.voter_id = BrokerId{9};
  EXPECT_EQ(add(1, stranger).error_code, ErrorCode::kRequestTimedOut) << "it does not follow";
  EXPECT_EQ(voters(), 1u);
}

TEST_F(RaftVoters, AreFoundWhereTheySayThatTheyAre) {
  begin();
  for (const int node : {2, 3}) ASSERT_EQ(add(1, addition_of(node)).error_code, ErrorCode::kNone);
  EXPECT_EQ(port_of(2), 9093);
  std::optional<UpdateAnswer> done;
  spawn(machine(1).shard(0), keep(updating(1, update_of(2)), &done));
  EXPECT_TRUE(world_.run_until([this] { return port_of(2) == 9999; }, 5s)) << "until its next message at the latest";
  ASSERT_TRUE(world_.run_until([&] { return done.has_value(); }, 5s));
  ASSERT_TRUE(*done);
  EXPECT_EQ((*done)->error_code, ErrorCode::kNone);
  EXPECT_EQ((*done)->current_leader.leader_id, BrokerId{1});
  EXPECT_EQ(voters(), 3u);
  world_.run_for(5s);
  EXPECT_EQ(port_of(2), 9093) << "what it says with its messages counts";
}

TEST_F(RaftVoters, AnUpdateIsRefusedWithKafkasErrors) {
  begin();
  ASSERT_EQ(add(1, addition_of(2)).error_code, ErrorCode::kNone);
  const auto changed = [&](auto change) {
    auto request = update_of(2);
    change(request);
    return error_of(1, request);
  };
  EXPECT_EQ(changed([](auto& r) { r.cluster_id = "another"; }), ErrorCode::kInconsistentClusterId);
  EXPECT_EQ(changed([](auto& r) { --r.current_leader_epoch.value; }), ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(changed([](auto& r) { ++r.current_leader_epoch.value; }), ErrorCode::kUnknownLeaderEpoch);
  EXPECT_EQ(changed([](auto& r) { r.voter_directory_id = {}; }), ErrorCode::kInvalidRequest);
  EXPECT_EQ(changed([](auto& r) { r.listeners.clear(); }), ErrorCode::kInvalidRequest);
  EXPECT_EQ(changed([](auto& r) { r.kraft_version_feature.max_supported_version = 0; }), ErrorCode::kInvalidRequest);
  EXPECT_EQ(changed([](auto& r) { r.voter_id = BrokerId{9}; }), ErrorCode::kVoterNotFound);
  EXPECT_EQ(error_of(1, update_of(3)), ErrorCode::kVoterNotFound) << "it follows without a vote";
  const auto elsewhere = update(2, update_of(2));
  EXPECT_EQ(elsewhere.error_code, ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(elsewhere.current_leader.leader_id, BrokerId{1});
  EXPECT_EQ(elsewhere.current_leader.host, "node-1");
  EXPECT_EQ(elsewhere.current_leader.port, 9093);
  EXPECT_EQ(port_of(2), 9093);
}

// A returned node with a new address under the same name. The one that the others have in their files is gone by then.
TEST_F(RaftVoters, WhoComesBackAtAnotherAddressIsFoundThere) {
  const auto moved = std::make_shared<bool>(false);
  begin([moved](int node) {
    auto settings = settings_of(node);
    if (node != 2 || !*moved) return settings;
    settings["listeners"] = "PLAINTEXT://:9192,CONTROLLER://:9193";
    settings["advertised.listeners"] = "PLAINTEXT://node-2:9192,CONTROLLER://node-2:9193";
    return settings;
  });
  for (const int node : {2, 3}) ASSERT_EQ(add(1, addition_of(node)).error_code, ErrorCode::kNone);
  machine(2).crash(sim::Crash::kKill);
  *moved = true;
  machine(2).start();
  ASSERT_TRUE(world_.run_until([&] { return serving() == kMachines && port_of(2) == 9193; }, 60s));
  EXPECT_EQ(voters(), 3u);
  machine(1).crash(sim::Crash::kKill);
  ASSERT_TRUE(world_.run_until([this] { return leader() != 0; }, 60s)) << "node 3 does not find node 2";
  EXPECT_TRUE(creates_a_topic(3));
}

// The same where files say who votes: that of the node alone was changed, and the others start again with theirs.
TEST_F(RaftVoters, WhoComesBackAtAnotherAddressThanTheFilesSayIsFoundThere) {
  const auto moved = std::make_shared<bool>(false);
  begin([moved](int node) {
    auto settings = settings_of(node);
    settings.erase("controller.quorum.bootstrap.servers");
    const std::string port = node == 2 && *moved ? "9193" : "9093";
    settings["controller.quorum.voters"] = "1@node-1:9093,2@node-2:" + port + ",3@node-3:9093";
    if (port == "9093") return settings;
    settings["listeners"] = "PLAINTEXT://:9192,CONTROLLER://:9193";
    settings["advertised.listeners"] = "PLAINTEXT://node-2:9192,CONTROLLER://node-2:9193";
    return settings;
  });
  machine(2).crash(sim::Crash::kKill);
  *moved = true;
  machine(2).start();
  ASSERT_TRUE(world_.run_until([&] { return serving() == kMachines && port_of(2) == 9193; }, 60s));
  for (const int gone : {1, 3}) {
    machine(gone).crash(sim::Crash::kKill);
    ASSERT_TRUE(world_.run_until([this] { return leader() != 0; }, 60s)) << "without node " << gone;
    EXPECT_TRUE(creates_a_topic(gone == 1 ? 3 : 1));
    machine(gone).start();
    ASSERT_TRUE(world_.run_until([this] { return serving() == kMachines; }, 60s)) << "node " << gone;
  }
}

// It finds the others as empty as itself, and does not count among them.
TEST_F(RaftVoters, WhoIsNotAtOneOfTheAddressesFoundsNothingAndJoins) {
  begin([](int node) {
    auto settings = settings_of(node);
    settings["controller.quorum.bootstrap.servers"] = "node-1:9093,node-2:9093";
    return settings;
  });
  EXPECT_EQ(voters(), 2u);
  EXPECT_FALSE(broker(leader()).quorum().membership().is_voter(broker(3).quorum().self()));
}

// Its own address it does not ask.
TEST_F(RaftVoters, WhoKnowsItsOwnAddressAmongThoseThatFoundIsOneOfThem) {
  begin([](int node) {
    auto settings = settings_of(node);
    settings["listeners"] = "PLAINTEXT://:9092,CONTROLLER://" + host_of(node) + ":9093";
    settings["controller.quorum.bootstrap.servers"] = "node-1:9093,node-2:9093,node-3:9093";
    return settings;
  });
  EXPECT_EQ(voters(), 3u);
}

TEST_F(RaftVoters, AreThoseOfTheFileWhereItNamesThem) {
  begin([](int node) {
    auto settings = settings_of(node);
    settings.erase("controller.quorum.bootstrap.servers");
    settings["controller.quorum.voters"] = "1@node-1:9093,2@node-2:9093,3@node-3:9093";
    return settings;
  });
  EXPECT_EQ(remove(1, 2).error_code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(add(1, addition_of(2)).error_code, ErrorCode::kUnsupportedVersion);
}

}  // namespace
}  // namespace thalweg::broker
