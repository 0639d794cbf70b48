#include "controller/topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/internal_topics.h"
#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using ::testing::HasSubstr;
using testing::ids;

class TopicsTest : public ::testing::Test {
 protected:
  TopicsTest() { controller_.start_broker(1); }

  using Topic = protocol::CreateTopicsRequest::CreatableTopic;
  auto create(const Topic& topic, bool validate_only = false) {
    protocol::CreateTopicsRequest request;
    request.topics.push_back(topic);
    request.validate_only = validate_only;
    return controller_.ask<protocol::CreateTopicsResponse>(request).topics.front();
  }
  static Topic topic(std::string name, std::int32_t partitions, std::int16_t replicas) {
    Topic topic;
    topic.name = std::move(name);
    topic.num_partitions = partitions;
    topic.replication_factor = replicas;
    return topic;
  }
  static Topic assigned(std::string name, std::vector<std::pair<int, std::vector<BrokerId>>> assignment) {
    auto topic = TopicsTest::topic(std::move(name), -1, -1);
    for (auto& [id, brokers] : assignment) topic.assignments.push_back({PartitionId{id}, std::move(brokers)});
    return topic;
  }

  Controller controller_{{.num_partitions = 2}};
};

TEST_F(TopicsTest, CreatesATopicWithLeadersAndIds) {
  const auto result = create(topic("orders", 3, 1));
  EXPECT_EQ(result.error_code, ErrorCode::kNone);
  EXPECT_EQ(result.num_partitions, 3);
  EXPECT_EQ(result.replication_factor, 1);
  const auto made = controller_.image().topic("orders");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->id, result.topic_id);
  ASSERT_EQ(made->partitions.size(), 3u);
  EXPECT_EQ(made->partitions[2].leader, BrokerId{1});
  EXPECT_EQ(made->partitions[2].isr, ids({1}));
  EXPECT_EQ(made->partitions[2].leader_epoch, LeaderEpoch{0});
}

TEST_F(TopicsTest, MinusOneTakesTheDefaults) {
  const auto result = create(topic("orders", -1, -1));
  EXPECT_EQ(result.num_partitions, 2);
  EXPECT_EQ(result.replication_factor, 1);
}

TEST_F(TopicsTest, TheReplyHasEveryEffectiveConfig) {
  auto wanted = topic("orders", 1, 1);
  wanted.configs.push_back({"retention.ms", "3600000"});
  const auto result = create(wanted);
  ASSERT_TRUE(result.configs);
  EXPECT_EQ(result.configs->size(), 33u);
  const auto& entry =
      *std::ranges::find(*result.configs, "retention.ms", &protocol::CreateTopicsResponse::CreatableTopicConfigs::name);
  EXPECT_EQ(entry.value, "3600000");
  EXPECT_EQ(entry.config_source, 1);
  EXPECT_EQ(controller_.image().topic_configs("orders").at("retention.ms"), "3600000");
}

TEST_F(TopicsTest, RefusesInKafkasWords) {
  create(topic("orders", 1, 1));
  create(topic("a.b_c", 1, 1));
  const auto expect = [&](const Topic& wanted, ErrorCode code, std::string_view message) {
    const auto before = controller_.log().size();
    const auto result = create(wanted);
    EXPECT_EQ(result.error_code, code) << wanted.name;
    EXPECT_EQ(result.error_message, message);
    EXPECT_EQ(controller_.log().size(), before);
  };
  expect(topic("orders", 1, 1), ErrorCode::kTopicAlreadyExists, "Topic 'orders' already exists.");
  expect(topic("a_b.c", 1, 1), ErrorCode::kInvalidTopicException, "Topic 'a_b.c' collides with existing topic: a.b_c");
  expect(topic("rf3", 1, 3), ErrorCode::kInvalidReplicationFactor,
         "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because "
         "only 1 broker(s) "
         "are registered or some brokers have all their log directories cordoned.");
  expect(assigned("x2", {{0, ids({7})}}), ErrorCode::kInvalidReplicaAssignment,
         "The manual partition assignment includes broker 7, but no such broker is registered.");
  auto unknown = topic("x1", 1, 1);
  unknown.configs.push_back({"no.such.config", "1"});
  expect(unknown, ErrorCode::kInvalidConfig, "Unknown topic config name: no.such.config");
}

TEST_F(TopicsTest, RefusesBadNumbersAndNames) {
  EXPECT_EQ(create(topic("x", 0, 1)).error_code, ErrorCode::kInvalidPartitions);
  EXPECT_EQ(create(topic("x", -2, 1)).error_code, ErrorCode::kInvalidPartitions);
  EXPECT_EQ(create(topic("x", 1, 0)).error_code, ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(create(topic("x", 1'000'000, 1)).error_code, ErrorCode::kPolicyViolation);
  for (const auto& name : {std::string(), std::string("."), std::string(".."), std::string("a b"), std::string("a/b"),
                           std::string(250, 'a')})
    EXPECT_EQ(create(topic(name, 1, 1)).error_code, ErrorCode::kInvalidTopicException) << name;
  EXPECT_EQ(create(topic(std::string(249, 'a'), 1, 1)).error_code, ErrorCode::kNone);
  auto no_value = topic("x", 1, 1);
  no_value.configs.push_back({"retention.ms", std::nullopt});
  EXPECT_EQ(create(no_value).error_code, ErrorCode::kInvalidConfig);
}

TEST_F(TopicsTest, AManualAssignmentIsChecked) {
  controller_.start_broker(2);
  EXPECT_EQ(create(assigned("ok", {{0, ids({2, 1})}, {1, ids({1, 2})}})).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.partition("ok", 0).leader, BrokerId{2});
  EXPECT_EQ(create(assigned("gap", {{0, ids({1})}, {2, ids({1})}})).error_code, ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(create(assigned("twice", {{0, ids({1, 1})}})).error_code, ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(create(assigned("uneven", {{0, ids({1})}, {1, ids({1, 2})}})).error_code,
            ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(create(assigned("none", {{0, ids({})}})).error_code, ErrorCode::kInvalidReplicaAssignment);
  auto both = assigned("both", {{0, ids({1})}});
  both.num_partitions = 1;
  EXPECT_EQ(create(both).error_code, ErrorCode::kInvalidRequest);
}

TEST_F(TopicsTest, ValidateOnlyChecksAndChangesNothing) {
  const auto result = create(topic("orders", 3, 1), true);
  EXPECT_EQ(result.error_code, ErrorCode::kNone);
  EXPECT_EQ(result.num_partitions, 3);
  EXPECT_TRUE(result.topic_id.is_zero());
  EXPECT_EQ(controller_.image().topic("orders"), nullptr);
  EXPECT_EQ(create(topic("orders", 3, 9), true).error_code, ErrorCode::kInvalidReplicationFactor);
}

TEST_F(TopicsTest, TopicsOfOneRequestFailOneByOne) {
  protocol::CreateTopicsRequest request;
  for (const auto* name : {"good", "twice", "twice", "good_2", "good.2"}) request.topics.push_back(topic(name, 1, 1));
  const auto results = controller_.ask<protocol::CreateTopicsResponse>(request).topics;
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(results[1].error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(results[2].error_code, ErrorCode::kNone);
  EXPECT_EQ(results[3].error_code, ErrorCode::kInvalidTopicException);  // collides with good_2 of the same request
  EXPECT_EQ(controller_.image().topics().size(), 2u);
}

TEST_F(TopicsTest, ARequestForTooManyPartitionsIsRefusedWhole) {
  protocol::CreateTopicsRequest request;
  request.topics = {topic("a", 6000, 1), topic("b", 6000, 1)};
  for (const bool validate_only : {true, false}) {
    request.validate_only = validate_only;
    for (const auto& result : controller_.ask<protocol::CreateTopicsResponse>(request).topics)
      EXPECT_EQ(result.error_code, ErrorCode::kPolicyViolation) << result.name;
  }
  EXPECT_TRUE(controller_.image().topics().empty());

  create(topic("a", 1, 1));
  create(topic("b", 1, 1));
  protocol::CreatePartitionsRequest growth;
  growth.topics.resize(2);
  for (auto& grown : growth.topics) {
    grown.name = &grown == &growth.topics[0] ? "a" : "b";
    grown.count = 6000;
    grown.assignments.reset();
  }
  const auto results = controller_.ask<protocol::CreatePartitionsResponse>(growth).results;
  EXPECT_EQ(results[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(results[1].error_code, ErrorCode::kPolicyViolation);
}

TEST_F(TopicsTest, SuccessComesWithoutAMessage) {
  EXPECT_EQ(create(topic("orders", 1, 1)).error_message, std::nullopt);
  EXPECT_EQ(create(topic("more", 1, 1), true).error_message, std::nullopt);
}

TEST_F(TopicsTest, DeletesByNameAndById) {
  const auto orders = create(topic("orders", 1, 1)).topic_id;
  create(topic("payments", 1, 1));
  protocol::DeleteTopicsRequest request;
  request.topics.push_back({std::nullopt, orders});
  request.topics.push_back({"payments", Uuid()});
  request.topics.push_back({"nosuch", Uuid()});
  request.topics.push_back({std::nullopt, Uuid{5, 5}});
  const auto results = controller_.ask<protocol::DeleteTopicsResponse>(request).responses;
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].name, "orders");
  EXPECT_EQ(results[1].error_code, ErrorCode::kNone);
  EXPECT_EQ(results[2].error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(results[3].error_code, ErrorCode::kUnknownTopicId);
  EXPECT_TRUE(controller_.image().topics().empty());
}

TEST_F(TopicsTest, ATopicMadeAgainHasAnotherId) {
  const auto first = create(topic("orders", 1, 1)).topic_id;
  protocol::DeleteTopicsRequest request;
  request.topic_names.push_back("orders");
  EXPECT_EQ(controller_.ask<protocol::DeleteTopicsResponse>(request, 5).responses.front().error_code, ErrorCode::kNone);
  EXPECT_NE(create(topic("orders", 1, 1)).topic_id, first);
}

TEST_F(TopicsTest, ATopicThatIsNamedTwiceIsNotDeleted) {
  const auto id = create(topic("orders", 1, 1)).topic_id;
  protocol::DeleteTopicsRequest request;
  request.topics.push_back({"orders", Uuid()});
  request.topics.push_back({std::nullopt, id});
  request.topics.push_back({"nosuch", Uuid()});
  request.topics.push_back({"nosuch", Uuid()});
  const auto results = controller_.ask<protocol::DeleteTopicsResponse>(request).responses;
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].name, "orders");
  EXPECT_EQ(results[0].error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(results[1].error_code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(controller_.image().topic("orders"));
}

TEST(DeleteTopics, AreRefusedWhenSwitchedOff) {
  Controller controller({.delete_topic_enable = false});
  controller.start_broker(1);
  controller.create("orders");
  protocol::DeleteTopicsRequest request;
  request.topic_names.push_back("orders");
  EXPECT_EQ(controller.ask<protocol::DeleteTopicsResponse>(request, 3).responses.front().error_code,
            ErrorCode::kTopicDeletionDisabled);
  EXPECT_EQ(controller.ask<protocol::DeleteTopicsResponse>(request, 2).responses.front().error_code,
            ErrorCode::kInvalidRequest);
}

TEST_F(TopicsTest, GrowsATopicAndRefusesToShrinkIt) {
  create(topic("plain", 4, 1));
  protocol::CreatePartitionsRequest request;
  request.topics.resize(4);
  request.topics[0].name = "plain";
  request.topics[0].count = 2;
  request.topics[1].name = "nosuch";
  request.topics[1].count = 2;
  request.topics[2].name = request.topics[3].name = "twice";
  const auto results = controller_.ask<protocol::CreatePartitionsResponse>(request).results;
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].error_code, ErrorCode::kInvalidPartitions);
  EXPECT_EQ(results[0].error_message, "The topic plain currently has 4 partition(s); 2 would not be an increase.");
  EXPECT_EQ(results[1].error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(results[2].error_code, ErrorCode::kInvalidRequest);

  request.topics.resize(1);
  request.topics[0].count = 6;
  request.topics[0].assignments.reset();  // null: the controller chooses
  request.validate_only = true;
  EXPECT_EQ(controller_.ask<protocol::CreatePartitionsResponse>(request).results[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().topic("plain")->partitions.size(), 4u);
  request.validate_only = false;
  request.topics[0].assignments.emplace().push_back({ids({1})});
  EXPECT_EQ(controller_.ask<protocol::CreatePartitionsResponse>(request).results[0].error_code,
            ErrorCode::kInvalidReplicaAssignment);
  request.topics[0].assignments->push_back({ids({1})});
  EXPECT_EQ(controller_.ask<protocol::CreatePartitionsResponse>(request).results[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().topic("plain")->partitions.size(), 6u);
}

TEST_F(TopicsTest, TheOffsetsTopicFitsASingleNode) {
  const auto config = config::load_broker_config({})->config;
  const auto wanted = internal_topic(kOffsetsTopic, config, controller_.image());
  ASSERT_TRUE(wanted);
  const auto result = create(*wanted);
  EXPECT_EQ(result.error_code, ErrorCode::kNone) << result.error_message.value_or("");
  EXPECT_EQ(result.num_partitions, 50);
  EXPECT_EQ(result.replication_factor, 1);
  EXPECT_EQ(controller_.image().topic_configs("__consumer_offsets").at("cleanup.policy"), "compact");
  EXPECT_EQ(controller_.image().topic_configs("__consumer_offsets").at("compression.type"), "producer");
  EXPECT_EQ(create(*internal_topic(kTransactionsTopic, config, controller_.image())).error_code, ErrorCode::kNone);
  EXPECT_FALSE(internal_topic("orders", config, controller_.image()));
}

}  // namespace
}  // namespace thalweg::controller
