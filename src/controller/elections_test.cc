#include "controller/elections.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "controller/replica_placement.h"
#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using testing::ids;
using namespace std::chrono_literals;

constexpr std::int8_t kPreferred = 0, kUnclean = 1;

class ElectionsTest : public ::testing::Test {
 protected:
  ElectionsTest() {
    for (int id : {1, 2, 3}) epochs_[id] = controller_.start_broker(id);
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = -1;
    topic.replication_factor = -1;
    topic.assignments.push_back({PartitionId{0}, ids({1, 2, 3})});
    id_ = controller_.ask<protocol::CreateTopicsResponse>(request).topics.front().topic_id;
  }
  const metadata::Partition& orders() const { return controller_.partition("orders", 0); }

  auto elect(std::int8_t type, const std::string& topic = "orders", int partition = 0) {
    protocol::ElectLeadersRequest request;
    request.election_type = type;
    request.topic_partitions.emplace().push_back({topic, {PartitionId{partition}}});
    return controller_.ask<protocol::ElectLeadersResponse>(request)
        .replica_election_results.front()
        .partition_result.front();
  }
  auto alter(int from, std::vector<BrokerId> isr) {
    protocol::AlterPartitionRequest request;
    request.broker_id = BrokerId{from};
    request.broker_epoch = epochs_[from];
    auto& topic = request.topics.emplace_back();
    topic.topic_id = id_;
    auto& partition = topic.partitions.emplace_back();
    partition.leader_epoch = orders().leader_epoch;
    partition.partition_epoch = orders().partition_epoch;
    for (const auto id : isr) partition.new_isr_with_epochs.push_back({id, -1});
    tweak_(partition);
    return controller_.ask<protocol::AlterPartitionResponse>(request).topics.front().partitions.front();
  }
  // Lets the session of `silent` end while the others report.
  void lose(int silent) {
    for (int i = 0; i < 4; ++i) {
      controller_.advance(3s);
      for (int id : {1, 2, 3})
        if (id != silent && !controller_.image().broker(BrokerId{id})->fenced) controller_.heartbeat(id);
    }
  }

  Controller controller_{{.leader_imbalance_check_interval = Millis(3'600'000)}};
  std::map<int, std::int64_t> epochs_;
  Uuid id_;
  std::function<void(protocol::AlterPartitionRequest::PartitionData&)> tweak_ = [](auto&) {};
};

TEST_F(ElectionsTest, ThePreferredReplicaTakesOverWhenInSyncAgain) {
  lose(1);
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_EQ(elect(kPreferred).error_code, ErrorCode::kPreferredLeaderNotAvailable);
  controller_.heartbeat(1);
  EXPECT_EQ(elect(kPreferred).error_code, ErrorCode::kPreferredLeaderNotAvailable);  // not in sync yet
  EXPECT_EQ(alter(2, ids({2, 3, 1})).error_code, ErrorCode::kNone);
  EXPECT_EQ(elect(kPreferred).error_code, ErrorCode::kNone);
  EXPECT_EQ(orders().leader, BrokerId{1});
  EXPECT_EQ(elect(kPreferred).error_code, ErrorCode::kElectionNotNeeded);
}

TEST_F(ElectionsTest, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(elect(kPreferred, "nosuch").error_message, "No such topic as nosuch");
  EXPECT_EQ(elect(kPreferred, "orders", 7).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(elect(kUnclean).error_code, ErrorCode::kElectionNotNeeded);
  protocol::ElectLeadersRequest request;
  request.election_type = 5;
  EXPECT_EQ(controller_.ask<protocol::ElectLeadersResponse>(request).error_code, ErrorCode::kInvalidRequest);
}

TEST_F(ElectionsTest, AnUncleanLeaderHasToRecover) {
  EXPECT_EQ(alter(1, ids({1})).error_code, ErrorCode::kNone);
  lose(1);
  EXPECT_EQ(orders().leader, kNoBroker);
  EXPECT_EQ(orders().eligible_leader_replicas, ids({1}));
  EXPECT_EQ(elect(kUnclean).error_code, ErrorCode::kNone);
  EXPECT_EQ(orders().leader, BrokerId{2});
  EXPECT_EQ(orders().isr, ids({2}));
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovering);
  EXPECT_EQ(alter(2, ids({2})).error_code, ErrorCode::kNone);
  EXPECT_EQ(orders().leader_recovery, metadata::LeaderRecovery::kRecovered);
}

TEST_F(ElectionsTest, TheLeaderShrinksAndGrowsItsIsr) {
  const auto shrunk = alter(1, ids({1, 2}));
  EXPECT_EQ(shrunk.error_code, ErrorCode::kNone);
  EXPECT_EQ(shrunk.isr, ids({1, 2}));
  EXPECT_EQ(shrunk.partition_epoch, orders().partition_epoch);
  EXPECT_EQ(orders().leader_epoch, LeaderEpoch{0});
  EXPECT_EQ(alter(1, ids({1, 2, 3})).isr, ids({1, 2, 3}));
}

TEST_F(ElectionsTest, AlterPartitionIsCheckedAgainstEpochsAndRoles) {
  EXPECT_EQ(alter(2, ids({2})).error_code, ErrorCode::kInvalidRequest);  // not the leader
  EXPECT_EQ(alter(1, ids({2})).error_code, ErrorCode::kInvalidRequest);  // without itself
  EXPECT_EQ(alter(1, ids({1, 9})).error_code, ErrorCode::kInvalidRequest);
  tweak_ = [](auto& p) { p.partition_epoch += 1; };
  EXPECT_EQ(alter(1, ids({1})).error_code, ErrorCode::kNotController);
  tweak_ = [](auto& p) { p.partition_epoch -= 1; };
  EXPECT_EQ(alter(1, ids({1})).error_code, ErrorCode::kInvalidUpdateVersion);
  tweak_ = [](auto& p) { p.leader_epoch.value -= 1; };
  EXPECT_EQ(alter(1, ids({1})).error_code, ErrorCode::kFencedLeaderEpoch);
  tweak_ = [](auto& p) { p.leader_recovery_state = 1; };
  EXPECT_EQ(alter(1, ids({1})).error_code, ErrorCode::kInvalidRequest);
  tweak_ = [](auto&) {};
  epochs_[1] += 1;
  protocol::AlterPartitionRequest stale;
  stale.broker_id = BrokerId{1};
  stale.broker_epoch = epochs_[1];
  EXPECT_EQ(controller_.ask<protocol::AlterPartitionResponse>(stale).error_code, ErrorCode::kStaleBrokerEpoch);
}

TEST_F(ElectionsTest, AFencedReplicaCannotEnterTheIsr) {
  lose(3);
  EXPECT_EQ(orders().isr, ids({1, 2}));
  EXPECT_EQ(alter(1, ids({1, 2, 3})).error_code, ErrorCode::kIneligibleReplica);
}

TEST_F(ElectionsTest, AReturningBrokerLeadsUncleanlyOnlyWhereAllowed) {
  EXPECT_EQ(alter(1, ids({1})).error_code, ErrorCode::kNone);
  lose(2);
  lose(1);
  EXPECT_EQ(orders().leader, kNoBroker);
  controller_.heartbeat(2);
  EXPECT_EQ(orders().leader, kNoBroker);
  controller_.heartbeat(2, true);
  protocol::IncrementalAlterConfigsRequest request;
  auto& r = request.resources.emplace_back();
  r.resource_type = 2;
  r.resource_name = "orders";
  r.configs.push_back({"unclean.leader.election.enable", 0, "true"});
  controller_.ask<protocol::IncrementalAlterConfigsResponse>(request);
  controller_.heartbeat(2);
  EXPECT_NE(orders().leader, kNoBroker);
}

TEST(LeaderRebalance, GivesLeadershipBackInTime) {
  Controller controller(
      {.leader_imbalance_check_interval = Millis(10'000), .broker_session_timeout = Millis(3'600'000)});
  controller.start_broker(1);
  controller.start_broker(2);
  controller.create("orders", 2, 2);
  controller.heartbeat(1, true);
  controller.heartbeat(1);
  for (int p = 0; p < 2; ++p) EXPECT_EQ(controller.partition("orders", p).leader, BrokerId{2});
  const auto& partition = controller.partition("orders", 0);
  protocol::AlterPartitionRequest request;
  request.broker_id = BrokerId{2};
  request.broker_epoch = controller.image().broker(BrokerId{2})->epoch;
  auto& topic = request.topics.emplace_back();
  topic.topic_id = controller.image().topic("orders")->id;
  for (int p = 0; p < 2; ++p) {
    auto& entry = topic.partitions.emplace_back();
    entry.partition_index = PartitionId{p};
    entry.leader_epoch = partition.leader_epoch;
    entry.partition_epoch = controller.partition("orders", p).partition_epoch;
    entry.leader_epoch = controller.partition("orders", p).leader_epoch;
    entry.new_isr_with_epochs = {{BrokerId{2}, -1}, {BrokerId{1}, -1}};
  }
  controller.ask<protocol::AlterPartitionResponse>(request);
  controller.advance(10s);
  for (int p = 0; p < 2; ++p)
    EXPECT_EQ(controller.partition("orders", p).leader, controller.partition("orders", p).replicas.front());
}

metadata::BrokersSection brokers(std::initializer_list<std::pair<int, const char*>> list) {
  metadata::BrokersSection section;
  for (const auto& [id, rack] : list)
    section[BrokerId{id}] = {
        .id = BrokerId{id}, .rack = rack ? std::optional<std::string>(rack) : std::nullopt, .fenced = false};
  return section;
}

TEST(Placement, SpreadsLeadersAndReplicasEvenly) {
  const auto section = brokers({{1, nullptr}, {2, nullptr}, {3, nullptr}, {4, nullptr}});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    std::map<BrokerId, int> leaders, replicas;
    const auto assignments = place_replicas(section, 8, 3, random);
    for (const auto& assignment : *assignments) {
      EXPECT_EQ(std::set<BrokerId>(assignment.begin(), assignment.end()).size(), 3u);
      ++leaders[assignment.front()];
      for (const auto id : assignment) ++replicas[id];
    }
    for (const auto& [id, broker] : section) {
      EXPECT_EQ(leaders[id], 2);
      EXPECT_EQ(replicas[id], 6);
    }
  }
}

TEST(Placement, PutsReplicasInDifferentRacks) {
  const auto section = brokers({{1, "a"}, {2, "a"}, {3, "b"}, {4, "b"}, {5, "c"}, {6, "c"}});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    std::map<BrokerId, int> leaders;
    const auto assignments = place_replicas(section, 12, 3, random);
    for (const auto& assignment : *assignments) {
      std::set<std::string> racks;
      for (const auto id : assignment) racks.insert(*section.at(id).rack);
      EXPECT_EQ(racks.size(), 3u);
      ++leaders[assignment.front()];
    }
    for (const auto& [id, broker] : section) EXPECT_EQ(leaders[id], 2);
  }
}

TEST(Placement, FencedBrokersFollowWhenNeeded) {
  auto section = brokers({{1, "a"}, {2, "b"}, {3, "b"}});
  section[BrokerId{2}].fenced = true;
  Random random(1);
  for (const auto& assignment : *place_replicas(section, 6, 3, random)) {
    EXPECT_NE(assignment.front(), BrokerId{2});
    EXPECT_EQ(assignment.back(), BrokerId{2});
  }
  for (const auto& assignment : *place_replicas(section, 6, 2, random))
    EXPECT_EQ(std::ranges::count(assignment, BrokerId{2}), 0);
  section[BrokerId{1}].fenced = section[BrokerId{3}].fenced = true;
  EXPECT_EQ(place_replicas(section, 1, 1, random).error().code, ErrorCode::kInvalidReplicationFactor);
}

}  // namespace
}  // namespace thalweg::controller
