// thalweg cluster remove, against a cluster that a test arranges: brokers 1, 2 and 3, all of them voters, 2 leads them.
#include <gtest/gtest.h>

#include "cli/removal_plan.h"
#include "cli/testing_cluster.h"
#include "protocol/remove_raft_voter_request.h"
#include "protocol/remove_raft_voter_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::cli {
namespace {

using namespace protocol;

// Who was asked to lose its vote, with the directory it has, and who was unregistered.
struct Asked {
  Ids voteless, unregistered;
};

void serve_removal(FakeCluster& cluster, Asked& asked, ErrorCode voters = ErrorCode::kNone) {
  cluster.broker.on<RemoveRaftVoterRequest, RemoveRaftVoterResponse>([&asked, voters](const auto& request) {
    RemoveRaftVoterResponse response;
    response.error_message.reset();
    const Uuid its{1, static_cast<std::uint64_t>(request.voter_id.value)};
    if (voters != ErrorCode::kNone)
      response.error_code = voters;
    else if (request.voter_directory_id == its)
      asked.voteless.push_back(request.voter_id);
    else
      response.error_code = ErrorCode::kVoterNotFound;
    return response;
  });
  cluster.broker.on<UnregisterBrokerRequest, UnregisterBrokerResponse>([&asked](const auto& request) {
    asked.unregistered.push_back(request.broker_id);
    return UnregisterBrokerResponse();
  });
}

TEST(ClusterRemove, MovesReplicasTakesTheVoteAndForgets) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    Asked asked;
    serve_removal(cluster, asked);
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "remove", "3"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out,
              "BROKER  PARTITIONS-MOVED  BYTES-COPIED  VOTED  RESULT\n"
              "     3                 1          1000  yes    removed\n");
    EXPECT_TRUE(ran.err.contains("orders          1  2,3   2,1           1000  to move")) << ran.err;
    EXPECT_TRUE(ran.err.contains("controller 3 has no vote any more")) << ran.err;
    EXPECT_EQ(cluster.partitions[kSecond].replicas, ids({2, 1}));
    EXPECT_EQ(cluster.partitions[kFirst].replicas, ids({1, 2})) << "it is none of its business";
    EXPECT_EQ(asked.voteless, ids({3}));
    EXPECT_EQ(asked.unregistered, ids({3}));
  });
}

TEST(ClusterRemove, ShowsThePlanAndDoesNothing) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    Asked asked;
    serve_removal(cluster, asked);
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "remove", "2", "--dry-run", "--output", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(
        ran.out.contains("{\"topic\":\"orders\",\"partition\":0,\"from\":[1,2],\"to\":[1,3],"
                         "\"bytes_to_copy\":1000,\"state\":\"to move\"}"))
        << ran.out;
    EXPECT_EQ(cluster.partitions[kFirst].replicas, ids({1, 2}));
    EXPECT_TRUE(asked.voteless.empty() && asked.unregistered.empty());
  });
}

TEST(ClusterRemove, SaysThatNobodyControls) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.controller = -1;
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "remove", "3"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.contains("the controllers have no leader")) << ran.err;
  });
}

TEST(ClusterRemove, GoesOnWithWhatWasBegun) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = {{kSecond, {2, ids({2, 1, 3}), ids({2, 3}), ids({1}), ids({3})}}};
    cluster.looks_until_moved = 3;
    Asked asked;
    serve_removal(cluster, asked);
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "remove", "3", "--output", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(
        ran.out,
        "[{\"broker\":3,\"partitions_moved\":1,\"bytes_copied\":1000,\"voted\":\"yes\",\"result\":\"removed\"}]\n");
    EXPECT_TRUE(ran.err.contains("moving")) << ran.err;
    EXPECT_EQ(cluster.partitions[kSecond].replicas, ids({2, 1}));
  });
}

TEST(ClusterRemove, RefusesWhenTooFewBrokersWouldBeLeft) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = {{kFirst, {1, ids({1, 2, 3}), ids({1, 2, 3})}}};
    Asked asked;
    serve_removal(cluster, asked);
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "remove", "3"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(
        ran.err,
        "thalweg cluster remove: 1 partition would have fewer replicas: up to 3 are wanted, and 2 other brokers are "
        "up. Start another broker first, or give them fewer: thalweg partition move TOPIC --replicas 2\n");
    EXPECT_TRUE(asked.voteless.empty() && asked.unregistered.empty());
  });
}

TEST(ClusterRemove, RefusesBeforeAnythingMovesWhenTheVotersAreThoseOfAFile) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    Asked asked;
    serve_removal(cluster, asked, ErrorCode::kUnsupportedVersion);
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "remove", "3"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.starts_with("thalweg cluster remove: broker 3 is a controller, and its vote cannot be taken"))
        << ran.err;
    EXPECT_EQ(cluster.partitions[kSecond].replicas, ids({2, 3}));
    EXPECT_TRUE(asked.unregistered.empty());
  });
}

TEST(ClusterRemove, KnowsWhoIsThere) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    Asked asked;
    serve_removal(cluster, asked);
    const auto unknown = co_await cluster.thalweg(shard, {"cluster", "remove", "9"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_EQ(unknown.err, "thalweg cluster remove: no broker 9; there are 1,2,3\n");
    const auto word = co_await cluster.thalweg(shard, {"cluster", "remove", "three"});
    EXPECT_EQ(word.code, 2);
    const auto nobody = co_await cluster.thalweg(shard, {"cluster", "remove"});
    EXPECT_EQ(nobody.code, 2);
  });
}

TEST(RemovalPlan, CountsOnlyBrokersThatAreUp) {
  ClusterState state;
  for (const int id : {1, 2, 3})
    state.cluster.brokers.push_back({.id = BrokerId{id}, .host = "host", .port = 9092, .rack = {}, .fenced = id == 1});
  auto& orders = state.partitions.emplace_back();
  orders.id = kFirst;
  orders.now.leader = BrokerId{2};
  orders.now.replicas = ids({2, 3});
  const auto refused = plan_removal(state, BrokerId{3});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidReplicationFactor);
  EXPECT_TRUE(refused.error().message.contains("1 other broker is up")) << refused.error().message;
  state.cluster.brokers[0].fenced = false;
  const auto plan = plan_removal(state, BrokerId{3});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->moves.at(0).to, ids({2, 1}));
}

TEST(RemovalPlan, CopiesFromNobodyWhereNobodyLeads) {
  ClusterState state;
  for (const int id : {1, 2, 3})
    state.cluster.brokers.push_back({.id = BrokerId{id}, .host = "host", .port = 9092, .rack = {}});
  auto& orders = state.partitions.emplace_back();
  orders.id = kFirst;
  orders.now.leader = kNoBroker;
  orders.now.replicas = ids({3});
  EXPECT_EQ(plan_removal(state, BrokerId{3}).error().code, ErrorCode::kNotEnoughReplicas);
  EXPECT_TRUE(plan_removal(state, BrokerId{1})) << "it has nothing";
}

}  // namespace
}  // namespace thalweg::cli
