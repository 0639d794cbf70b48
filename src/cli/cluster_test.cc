// thalweg cluster and thalweg partition, against a cluster that a test arranges.
#include <gtest/gtest.h>

#include "cli/cluster_state.h"
#include "cli/partition_plan.h"
#include "cli/progress.h"
#include "cli/testing_cluster.h"

namespace thalweg::cli {
namespace {

TEST(ClusterInfo, KnowsWhoReallyControls) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "info"});
    EXPECT_TRUE(ran.out.contains("2  host  9093  -     controller")) << "brokers name broker 1: " << ran.out;
    EXPECT_TRUE(ran.out.contains("1  host  9092  -     broker")) << ran.out;
  });
}

TEST(ClusterHealth, IsWellWhenAllAreThere) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "health"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out,
              "HEALTHY  CONTROLLER  BROKERS  DOWN  LEADERLESS  UNDER-MIN-ISR  UNDER-REPLICATED  MOVING\n"
              "yes               2        3  -              0              0                 0       0\n"
              "\n"
              "NODE  HOST  PORT  RACK  STATE  ROLE        LEADS  REPLICAS  BEHIND\n"
              "   1  host  9092  -     up     voter           1         1       0\n"
              "   2  host  9093  -     up     controller      1         2       0\n"
              "   3  host  9094  -     up     voter           0         1       0\n");
  });
}

TEST(ClusterHealth, SaysWhatIsWrongAndEndsWithOne) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.down = {3};
    cluster.partitions[kSecond].isr = ids({2});
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "health", "--output", "json"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(
        ran.out.starts_with("{\"healthy\":\"no\",\"controller\":2,\"brokers\":3,\"down\":[3],\"leaderless\":0,"
                            "\"under_min_isr\":1,\"under_replicated\":1,\"moving\":0"))
        << ran.out;
    EXPECT_TRUE(ran.out.contains("\"partitions\":[{\"topic\":\"orders\",\"partition\":1,\"state\":\"under-min-isr\""))
        << ran.out;
    EXPECT_EQ(ran.err,
              "thalweg cluster health: not healthy\n"
              "- broker 3 is down: start it again, it catches up by itself; for good: thalweg partition move --off 3\n"
              "- 1 partition with fewer replicas in sync than min.insync.replicas: writes with acks=all are refused "
              "until those that are missing are back\n"
              "- 1 partition with replicas behind: they catch up by themselves once their brokers are up; if not, "
              "those brokers' logs say why\n"
              "Which partitions: thalweg cluster describe\n");
    EXPECT_TRUE(ran.out.contains("\"troubles\":[{\"trouble\":\"broker 3 is down\",\"next\":\"start it again"))
        << ran.out;
  });
}

TEST(ClusterHealth, KnowsAMoveThatWaitsForABrokerThatIsDown) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = {{kFirst, {1, ids({1, 2, 3}), ids({1, 2}), ids({3})}}};
    cluster.looks_until_moved = 1000;
    const auto well = co_await cluster.thalweg(shard, {"cluster", "health"});
    EXPECT_EQ(well.code, 0) << "it is on its way: " << well.err;
    cluster.down = {3};
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "health"});
    EXPECT_TRUE(ran.err.contains("- 1 partition on a move that stands still: start the brokers that it adds"))
        << ran.err;
  });
}

TEST(ClusterHealth, KnowsAControllerThatIsSilent) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.silent = {3};
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "health"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.contains("- controller 3 is not heard by the others: start it again")) << ran.err;
  });
}

TEST(ClusterHealth, AsksForNoMoreInSyncThanThereAreReplicas) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = {{kFirst, {1, ids({1}), ids({1})}}};
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "health"});
    EXPECT_EQ(ran.code, 0) << "its min.insync.replicas is 2: " << ran.err;
  });
}

TEST(ClusterHealth, KnowsThatNobodyControls) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.controller = -1;
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "health"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.contains("the controllers have no leader")) << ran.err;
  });
}

TEST(ClusterDescribe, ShowsNodesAndThePartitionsThatNeedSomebody) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.partitions[kFirst].leader = -1;
    cluster.partitions[kFirst].isr = {};
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "describe"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(
        ran.out.starts_with("CLUSTER                 CONTROLLER  EPOCH  METADATA-END  BROKERS  PARTITIONS\n"
                            "AAAAAAAAAAAAAAAAAAAAAQ           2      5            40        3           2\n"))
        << ran.out;
    EXPECT_TRUE(ran.out.contains("orders          0  leaderless       -  1,2")) << ran.out;
    EXPECT_FALSE(ran.out.contains("orders          1")) << "what is well is not listed: " << ran.out;
  });
}

TEST(PartitionList, SelectsByStateAndNumber) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.partitions[kSecond].isr = ids({2});
    const auto unwell = co_await cluster.thalweg(shard, {"partition", "list", "--state", "under-min-isr"});
    EXPECT_EQ(unwell.out,
              "TOPIC   PARTITION  STATE          LEADER  REPLICAS  IN-SYNC  ELIGIBLE  ADDING  REMOVING\n"
              "orders          1  under-min-isr       2  2,3       2        -         -       -\n");
    const auto one = co_await cluster.thalweg(shard, {"partition", "list", "orders", "--partition", "0"});
    EXPECT_TRUE(one.out.contains("orders          0  ok") && !one.out.contains("orders          1")) << one.out;
    const auto json =
        co_await cluster.thalweg(shard, {"partition", "list", "orders", "--partition", "0", "--output", "json"});
    EXPECT_TRUE(json.out.contains("\"eligible\":[],\"adding\":[],\"removing\":[]")) << json.out;
    const auto none = co_await cluster.thalweg(shard, {"partition", "list", "orders", "--partition", "7"});
    EXPECT_EQ(none.code, 1);
    EXPECT_TRUE(none.err.contains("orders has no partition 7; it has 2 from 0")) << none.err;
    const auto mistyped = co_await cluster.thalweg(shard, {"partition", "list", "ordres"});
    EXPECT_TRUE(mistyped.err.contains("did you mean orders?")) << mistyped.err;
  });
}

TEST(PartitionMove, ShowsThePlanMovesAndWaits) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    const auto planned = co_await cluster.thalweg(shard, {"partition", "move", "--off", "3", "--dry-run"});
    EXPECT_EQ(planned.out,
              "TOPIC   PARTITION  FROM  TO   BYTES-TO-COPY\n"
              "orders          1  2,3   2,1           1000\n");
    EXPECT_EQ(cluster.broker.count(protocol::ApiKey::kAlterPartitionReassignments), 0);
    const auto moved = co_await cluster.thalweg(shard, {"partition", "move", "--off", "3"});
    EXPECT_EQ(moved.code, 0) << moved.err;
    EXPECT_EQ(moved.err, planned.out) << "the plan comes first";
    EXPECT_EQ(moved.out,
              "TOPIC   PARTITION  FROM  TO   RESULT\n"
              "orders          1  2,3   2,1  moved\n");
    EXPECT_EQ(cluster.partitions[kSecond].replicas, ids({2, 1}));
    const auto again = co_await cluster.thalweg(shard, {"partition", "move", "--off", "3"});
    EXPECT_EQ(again.code, 0);
    EXPECT_TRUE(again.err.contains("nothing has to move")) << again.err;
  });
}

TEST(PartitionMove, ShowsABarToWhoLooksOnAndAsksFirst) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.terminal.is_terminal = true;
    cluster.terminal.variables["NO_COLOR"] = "1";
    const auto refused = co_await cluster.thalweg(shard, {"partition", "move", "orders", "--replicas", "3"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(refused.err.contains("Move 2 partitions, and copy 2.0 kB? [y/N] ")) << refused.err;
    EXPECT_EQ(cluster.broker.count(protocol::ApiKey::kAlterPartitionReassignments), 0);
    cluster.looks_until_moved = 4;
    cluster.terminal.lines = {"y"};
    const auto moved = co_await cluster.thalweg(shard, {"partition", "move", "orders", "--replicas", "3"});
    EXPECT_EQ(moved.code, 0) << moved.err;
    EXPECT_TRUE(moved.err.contains("\r[")) << moved.err;
    EXPECT_TRUE(moved.err.contains("2 of 2 partitions moved")) << moved.err;
  });
}

TEST(PartitionMove, StartsOnlyAndTakesBack) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.looks_until_moved = 1'000;
    const auto started = co_await cluster.thalweg(
        shard, {"partition", "move", "orders", "--partition", "0", "--to", "3,1", "--no-wait"});
    EXPECT_EQ(started.code, 0) << started.err;
    EXPECT_TRUE(started.out.contains("orders          0  1,2   3,1  moving")) << started.out;
    const auto listed = co_await cluster.thalweg(shard, {"partition", "list", "--state", "moving"});
    EXPECT_TRUE(listed.out.contains("orders          0  moving")) << listed.out;
    const auto back = co_await cluster.thalweg(shard, {"partition", "move", "--cancel"});
    EXPECT_TRUE(back.out.contains("orders          0  3,1,2  1,2  taken back")) << back.out;
    EXPECT_EQ(cluster.partitions[kFirst].replicas, ids({1, 2}));
  });
}

TEST(PartitionMove, NamesBrokersThatAreNotThere) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.down = {3};
    const auto unknown = co_await cluster.thalweg(shard, {"partition", "move", "orders", "--to", "1,9"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_TRUE(unknown.err.contains("no broker 9; there are 1,2,3")) << unknown.err;
    const auto down = co_await cluster.thalweg(shard, {"partition", "move", "orders", "--to", "1,3"});
    EXPECT_TRUE(down.err.contains("broker 3 is down")) << down.err;
    const auto few = co_await cluster.thalweg(shard, {"partition", "move", "orders", "--off", "1"});
    EXPECT_TRUE(few.err.contains("orders-0 needs 2 replicas, but only 1 can be placed")) << few.err;
  });
}

TEST(PartitionElect, GivesBackWhoShouldLead) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.partitions[kFirst].leader = 2;
    const auto planned = co_await cluster.thalweg(shard, {"partition", "elect", "--dry-run"});
    EXPECT_EQ(planned.out,
              "TOPIC   PARTITION  LEADER  REPLICAS  IN-SYNC\n"
              "orders          0       2  1,2       1,2\n");
    const auto elected = co_await cluster.thalweg(shard, {"partition", "elect", "orders"});
    EXPECT_EQ(elected.code, 0) << elected.err;
    EXPECT_EQ(elected.out,
              "TOPIC   PARTITION  LEADER  RESULT\n"
              "orders          0       1  elected\n");
  });
}

PartitionState standing(const TopicPartition& tp, Ids replicas) {
  PartitionState p;
  p.id = tp;
  p.now.id = tp.partition;
  p.now.leader = replicas.front();
  p.now.isr = p.now.replicas = std::move(replicas);
  return p;
}

std::vector<admin::BrokerDescription> brokers(std::initializer_list<const char*> racks) {
  std::vector<admin::BrokerDescription> all;
  for (const char* rack : racks)
    all.push_back({BrokerId{static_cast<int>(all.size()) + 1}, "host", 9092,
                   *rack ? std::optional<std::string>(rack) : std::nullopt, false});
  return all;
}

TEST(PlanMoves, KeepsWhatMayStayAndGivesTheRestToWhoCarriesLeast) {
  const std::vector<PartitionState> all{standing(kFirst, ids({1, 2})), standing(kSecond, ids({3, 2}))};
  const auto plan =
      plan_moves(brokers({"", "", "", ""}), all, {kFirst, kSecond}, {.onto = {}, .off = {BrokerId{2}}, .replicas = {}});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->size(), 2u);
  EXPECT_EQ((*plan)[0].to, ids({1, 4})) << "nobody has less than 4";
  EXPECT_EQ((*plan)[1].to, ids({3, 1})) << "1 and 4 carry one each";
  EXPECT_EQ((*plan)[0].adds(), ids({4}));
  EXPECT_EQ((*plan)[0].removes(), ids({2}));
}

TEST(PlanMoves, KeepsRacksApart) {
  const std::vector<PartitionState> all{standing(kFirst, ids({1, 3}))};
  const auto plan =
      plan_moves(brokers({"a", "a", "b", "b"}), all, {kFirst}, {.onto = {}, .off = {BrokerId{3}}, .replicas = {}});
  ASSERT_TRUE(plan);
  EXPECT_EQ((*plan)[0].to, ids({1, 4})) << "2 is in the rack of 1";
}

TEST(PlanMoves, TakesOnePartitionsBrokersAsTheyAreNamed) {
  const std::vector<PartitionState> all{standing(kFirst, ids({1, 2}))};
  const auto plan = plan_moves(brokers({"", "", ""}), all, {kFirst}, {.onto = ids({2, 1}), .off = {}, .replicas = {}});
  ASSERT_TRUE(plan);
  EXPECT_EQ((*plan)[0].to, ids({2, 1}));
  EXPECT_FALSE(plan_moves(brokers({"", "", ""}), all, {kFirst}, {.onto = {}, .off = {}, .replicas = 4}));
}

TEST(Bar, ShowsHowMuchIsDone) {
  EXPECT_EQ(bar_text(0), "[------------------------]   0%");
  EXPECT_EQ(bar_text(0.5), "[############------------]  50%");
  EXPECT_EQ(bar_text(7), "[########################] 100%");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(12'340'000), "12.3 MB");
}

TEST(ThalwegClusterRebalance, FillsABrokerThatWasAddedAndRemovesItsThrottles) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    for (int i = 0; i < 6; ++i)
      cluster.partitions[{"orders", PartitionId{i}}] = {1 + i % 2, i % 2 ? ids({2, 1}) : ids({1, 2}), ids({1, 2})};
    const auto planned = co_await cluster.thalweg(shard, {"cluster", "rebalance", "--dry-run", "--output", "json"});
    EXPECT_EQ(planned.code, 0) << planned.err;
    EXPECT_EQ(cluster.broker.count(protocol::ApiKey::kAlterPartitionReassignments), 0);
    const auto ran =
        co_await cluster.thalweg(shard, {"cluster", "rebalance", "--throttle", "1000000", "--output", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ran.out.contains("\"moved\"")) << ran.out;
    std::map<int, int> carried, led;
    for (const auto& [tp, partition] : cluster.partitions) {
      ++led[partition.leader];
      for (const BrokerId id : partition.replicas) ++carried[id.value];
    }
    EXPECT_EQ(carried, (std::map<int, int>{{1, 4}, {2, 4}, {3, 4}}));
    EXPECT_EQ(led, (std::map<int, int>{{1, 2}, {2, 2}, {3, 2}}));
    EXPECT_TRUE(cluster.configs.empty()) << "the throttles are gone";
    const auto again = co_await cluster.thalweg(shard, {"cluster", "rebalance"});
    EXPECT_TRUE(again.err.contains("nothing has to move")) << again.err;
  });
}

// Of a run that was killed when some of its moves were there and nothing was elected.
TEST(ThalwegClusterRebalance, FinishesWhatOneBeforeItHasMoved) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions[{"orders", PartitionId{0}}] = {2, ids({1, 2}), ids({1, 2})};
    cluster.partitions[{"orders", PartitionId{1}}] = {2, ids({2, 3}), ids({2, 3})};
    cluster.partitions[{"orders", PartitionId{2}}] = {1, ids({3, 1}), ids({3, 1})};
    cluster.configs["orders"]["leader.replication.throttled.replicas"] = "2:1";
    cluster.configs["payments"]["leader.replication.throttled.replicas"] = "*";     // somebody else's
    cluster.partitions[{"payments", PartitionId{0}}] = {1, ids({2, 1}), ids({1})};  // who should lead cannot
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "rebalance"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ran.err.contains("nothing has to move; leaders and throttles")) << ran.err;
    for (const auto& [tp, partition] : cluster.partitions)
      if (tp.topic == "orders") EXPECT_EQ(partition.leader, partition.replicas.front().value) << to_string(tp);
    EXPECT_FALSE(cluster.configs.contains("orders"));
    EXPECT_TRUE(cluster.configs.contains("payments"));
    const auto again = co_await cluster.thalweg(shard, {"cluster", "rebalance"});
    EXPECT_EQ(again.err, "nothing has to move\n");
  });
}

TEST(ThalwegClusterRebalance, TakesBackWhatIsUnderWay) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.looks_until_moved = 1'000;
    cluster.partitions[{"orders", PartitionId{0}}] = {1, ids({3, 1, 2}), ids({1, 2}), ids({3}), ids({2})};
    cluster.configs["orders"]["leader.replication.throttled.replicas"] = "0:1";
    cluster.configs["1"]["leader.replication.throttled.rate"] = "5";
    const auto ran = co_await cluster.thalweg(shard, {"cluster", "rebalance", "--cancel", "--output", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ran.out.contains("\"taken back\"")) << ran.out;
    EXPECT_EQ(cluster.partitions.begin()->second.replicas, ids({1, 2}));
    EXPECT_TRUE(cluster.configs.empty());
    EXPECT_EQ((co_await cluster.thalweg(shard, {"cluster", "rebalance", "--cancel", "--dry-run"})).code, 2);
  });
}

}  // namespace
}  // namespace thalweg::cli
