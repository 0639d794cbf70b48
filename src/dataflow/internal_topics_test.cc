// Which topics an application makes, with how many partitions and which configs.
#include "dataflow/internal_topics.h"

#include <gtest/gtest.h>

namespace thalweg::streams::detail {
namespace {

NodeSpec source_of(std::string name, std::vector<std::string> topics) {
  return {.kind = NodeSpec::Kind::kSource, .name = std::move(name), .topics = std::move(topics)};
}
NodeSpec sink_of(std::string name, std::string parent, std::string topic) {
  return {.kind = NodeSpec::Kind::kSink,
          .name = std::move(name),
          .parents = {std::move(parent)},
          .topics = {std::move(topic)}};
}

// in -> r1 -> r2 -> out, each a sub-topology.
TopologyGraph chain_of_repartitions() {
  TopologyGraph graph;
  graph.nodes = {source_of("a", {"in"}),
                 sink_of("b", "a", "r1-repartition"),
                 source_of("c", {"r1-repartition"}),
                 sink_of("d", "c", "r2-repartition"),
                 source_of("e", {"r2-repartition"}),
                 sink_of("f", "e", "out")};
  graph.repartition_topics = {{.name = "r2-repartition"}, {.name = "r1-repartition"}};
  return graph;
}

Result<TopicPlan> plan_of(const TopologyGraph& graph, const TopicCounts& there, const Properties& properties = {}) {
  return plan_topics(graph, sub_topologies(graph), "app", there, properties);
}

TEST(InternalTopics, ARepartitionTopicHasAsManyPartitionsAsTheSourcesOfItsWriters) {
  const auto plan = plan_of(chain_of_repartitions(), {{"in", 5}, {"out", 1}});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->counts.at("app-r1-repartition"), 5);
  EXPECT_EQ(plan->counts.at("app-r2-repartition"), 5);
  EXPECT_EQ(plan->tasks, (std::map<int, std::int32_t>{{0, 5}, {1, 5}, {2, 5}}));
  EXPECT_EQ(plan->drivers.at(1), "app-r1-repartition");
  EXPECT_EQ(plan->topics[0].configs, (Properties{{"cleanup.policy", "delete"},
                                                 {"segment.bytes", "52428800"},
                                                 {"retention.ms", "-1"},
                                                 {"message.timestamp.type", "CreateTime"}}));
}

TEST(InternalTopics, AGivenNumberGoesOnToWhatIsBehindIt) {
  auto graph = chain_of_repartitions();
  graph.repartition_topics[1].partitions = 7;
  const auto plan = plan_of(graph, {{"in", 5}});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->counts.at("app-r1-repartition"), 7);
  EXPECT_EQ(plan->counts.at("app-r2-repartition"), 7);
}

TEST(InternalTopics, EverySourceThatIsNotThereIsNamed) {
  TopologyGraph graph;
  graph.nodes = {source_of("a", {"in", "other"})};
  const auto plan = plan_of(graph, {{"in", 0}});
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("source topic in is not there"), std::string::npos) << plan.error().message;
  EXPECT_NE(plan.error().message.find("source topic other is not there"), std::string::npos);
}

// Two sources that are joined: users' topics, or internal ones.
TopologyGraph joined(std::vector<std::string> left, std::vector<std::string> right) {
  TopologyGraph graph;
  graph.nodes = {source_of("w", {"in"}),
                 sink_of("x", "w", "l-repartition"),
                 sink_of("y", "w", "r-repartition"),
                 source_of("left", std::move(left)),
                 source_of("right", std::move(right)),
                 {.name = "join", .parents = {"left", "right"}}};
  graph.repartition_topics = {{.name = "l-repartition"}, {.name = "r-repartition"}};
  graph.copartitioned = {{"left", "right"}};
  return graph;
}

TEST(InternalTopics, UsersTopicsThatAreJoinedMustHaveEqualNumbers) {
  const auto plan = plan_of(joined({"users"}, {"clicks"}), {{"in", 1}, {"users", 3}, {"clicks", 4}});
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("clicks has 4, users has 3"), std::string::npos) << plan.error().message;
}

TEST(InternalTopics, AnInternalTopicTakesTheNumberOfTheUsersTopicThatItIsJoinedWith) {
  auto graph = joined({"users"}, {"r-repartition"});
  EXPECT_EQ(plan_of(graph, {{"in", 1}, {"users", 3}})->counts.at("app-r-repartition"), 3);
  graph.repartition_topics[1].partitions = 2;
  const auto plan = plan_of(graph, {{"in", 1}, {"users", 3}});
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("was given 2 partitions"), std::string::npos) << plan.error().message;
}

TEST(InternalTopics, AmongInternalOnesTheGivenNumberDecidesAndElseTheMost) {
  auto graph = joined({"l-repartition"}, {"r-repartition"});
  EXPECT_EQ(plan_of(graph, {{"in", 4}})->counts.at("app-r-repartition"), 4);
  graph.repartition_topics[0].partitions = 2;
  EXPECT_EQ(plan_of(graph, {{"in", 4}})->counts.at("app-r-repartition"), 2);
  graph.repartition_topics[1].partitions = 3;
  EXPECT_FALSE(plan_of(graph, {{"in", 4}}));
}

TEST(InternalTopics, AChangelogHasAPartitionForEachTaskAndTheConfigsOfItsKind) {
  TopologyGraph graph;
  graph.nodes = {source_of("a", {"in", "more"}),
                 {.name = "b", .parents = {"a"}, .stores = {"rows", "windows", "joins", "off"}}};
  graph.stores = {{.name = "rows", .topic = {{"segment.ms", "5"}}},
                  {.name = "windows", .kind = StoreKind::kWindow, .retention = milliseconds(1000)},
                  {.name = "joins", .kind = StoreKind::kJoinWindow, .retention = milliseconds(2000)},
                  {.name = "off", .logging = false}};
  const auto plan = plan_of(graph, {{"in", 2}, {"more", 3}}, {{"topic.segment.ms", "7"}, {"topic.segment.bytes", "9"}});
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->topics.size(), 3u);
  EXPECT_EQ(plan->drivers.at(0), "more");
  for (const auto& topic : plan->topics) EXPECT_EQ(topic.partitions, 3);
  EXPECT_EQ(plan->topics[0].name, "app-rows-changelog");
  EXPECT_EQ(plan->topics[0].configs, (Properties{{"cleanup.policy", "compact"},
                                                 {"message.timestamp.type", "CreateTime"},
                                                 {"segment.bytes", "9"},
                                                 {"segment.ms", "5"}}));
  EXPECT_EQ(plan->topics[1].configs.at("cleanup.policy"), "compact,delete");
  EXPECT_EQ(plan->topics[1].configs.at("retention.ms"), "86401000");
  EXPECT_EQ(plan->topics[2].configs.at("cleanup.policy"), "delete");
  EXPECT_EQ(plan->topics[2].configs.at("retention.ms"), "86402000");
}

TEST(InternalTopics, TheDriverIsTheSourceWithTheMostPartitionsAndOfEqualOnesTheFirstByName) {
  EXPECT_EQ(driver_topic({"b", "a", "c"}, {{"a", 2}, {"b", 2}, {"c", 1}}), "a");
  EXPECT_EQ(driver_topic({"b", "a"}, {{"a", 1}, {"b", 2}}), "b");
  EXPECT_EQ(driver_topic({"a"}, {}), "");
}

TEST(InternalTopics, OneThatIsThereWithAnotherNumberDoesNotFit) {
  EXPECT_EQ(misfit({.name = "t", .partitions = 2}, 2), "");
  EXPECT_NE(misfit({.name = "t", .partitions = 2}, 3), "");
}

}  // namespace
}  // namespace thalweg::streams::detail
