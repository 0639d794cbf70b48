// What the answer to a second attempt means, from the images before the first and after the second.
#include "broker/second_attempt.h"

#include <gtest/gtest.h>

#include "metadata/image_builder.h"

namespace thalweg::broker {
namespace {

class SecondAttempt : public testing::Test {
 protected:
  struct Cluster {
    metadata::ImageBuilder builder{std::make_shared<const metadata::Image>("cluster")};
    std::int64_t index = 0;
    metadata::ImagePtr image = builder.build().image;

    void apply(const metadata::Record& record) {
      CHECK(builder.apply(++index, 1, {record}));
      image = builder.build().image;
    }
    void topic(const std::string& name, Uuid id, int partitions, int replicas = 2) {
      protocol::TopicRecord record;
      record.name = name;
      record.topic_id = id;
      apply(record);
      for (int i = 0; i < partitions; ++i) partition(id, i, replicas);
    }
    void partition(Uuid id, int partition, int replicas) {
      protocol::PartitionRecord record;
      record.topic_id = id;
      record.partition_id = PartitionId{partition};
      for (int i = 0; i < replicas; ++i) record.replicas.push_back(BrokerId{i});
      record.isr = record.replicas;
      record.leader = BrokerId{0};
      apply(record);
    }
    void config(const std::string& topic, const std::string& option, const std::string& value) {
      protocol::ConfigRecord record;
      record.resource_type = 2;
      record.resource_name = topic;
      record.name = option;
      record.value = value;
      apply(record);
    }
    void remove(Uuid id) {
      protocol::RemoveTopicRecord record;
      record.topic_id = id;
      apply(record);
    }
  };

  static protocol::CreateTopicsRequest create(int partitions, int replicas) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = partitions;
    topic.replication_factor = static_cast<std::int16_t>(replicas);
    return request;
  }
  static protocol::CreateTopicsResponse exists() {
    protocol::CreateTopicsResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "orders";
    topic.error_code = ErrorCode::kTopicAlreadyExists;
    topic.error_message = "Topic 'orders' already exists.";
    return response;
  }
  // What becomes of "exists already" for this request.
  ErrorCode judged(const protocol::CreateTopicsRequest& request) {
    auto answer = exists();
    EXPECT_TRUE(settle_second(request, *before_.image, *now_.image, answer));
    return answer.topics[0].error_code;
  }

  Cluster before_, now_;
};

constexpr Uuid kId{1, 1}, kAnother{1, 2};

TEST_F(SecondAttempt, ATopicThatWasCreatedAsAskedIsItsOwn) {
  now_.topic("orders", kId, 3);
  auto answer = exists();
  ASSERT_TRUE(settle_second(create(3, 2), *before_.image, *now_.image, answer));
  EXPECT_EQ(answer.topics[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(answer.topics[0].error_message, std::nullopt);
  EXPECT_EQ(answer.topics[0].topic_id, kId);
  EXPECT_EQ(answer.topics[0].num_partitions, 3);
  EXPECT_EQ(answer.topics[0].replication_factor, 2);
  EXPECT_EQ(judged(create(-1, -1)), ErrorCode::kNone);
}

TEST_F(SecondAttempt, ATopicThatIsNotAsAskedIsSomebodyElses) {
  now_.topic("orders", kId, 3);
  EXPECT_EQ(judged(create(4, 2)), ErrorCode::kTopicAlreadyExists);
  EXPECT_EQ(judged(create(3, 3)), ErrorCode::kTopicAlreadyExists);
  auto with_config = create(3, 2);
  with_config.topics[0].configs.push_back({"retention.ms", "1"});
  EXPECT_EQ(judged(with_config), ErrorCode::kTopicAlreadyExists);
  now_.config("orders", "retention.ms", "1");
  EXPECT_EQ(judged(with_config), ErrorCode::kNone);
  EXPECT_EQ(judged(create(3, 2)), ErrorCode::kTopicAlreadyExists);
}

TEST_F(SecondAttempt, AnAssignmentIsComparedReplicaByReplica) {
  now_.topic("orders", kId, 1);
  auto request = create(-1, -1);
  request.topics[0].assignments.push_back({PartitionId{0}, {BrokerId{0}, BrokerId{1}}});
  EXPECT_EQ(judged(request), ErrorCode::kNone);
  request.topics[0].assignments[0].broker_ids = {BrokerId{1}, BrokerId{0}};
  EXPECT_EQ(judged(request), ErrorCode::kTopicAlreadyExists);
}

TEST_F(SecondAttempt, ATopicThatWasThereBeforeIsSomebodyElses) {
  before_.topic("orders", kId, 3);
  now_.topic("orders", kId, 3);
  EXPECT_EQ(judged(create(3, 2)), ErrorCode::kTopicAlreadyExists);
}

TEST_F(SecondAttempt, WhatOnlyWasToBeValidatedHasDoneNothing) {
  now_.topic("orders", kId, 3);
  auto request = create(3, 2);
  request.validate_only = true;
  EXPECT_EQ(judged(request), ErrorCode::kTopicAlreadyExists);
}

TEST_F(SecondAttempt, AnImageThatDoesNotKnowYetIsWaitedFor) {
  auto answer = exists();
  EXPECT_FALSE(settle_second(create(3, 2), *before_.image, *now_.image, answer));
  EXPECT_EQ(answer.topics[0].error_code, ErrorCode::kTopicAlreadyExists);
}

TEST_F(SecondAttempt, ADeletionGoesByIdAndKnowsThatItIsDone) {
  before_.topic("orders", kId, 1);
  now_.topic("orders", kId, 1);
  protocol::DeleteTopicsRequest request;
  request.topic_names = {"orders", "nobody"};
  std::int16_t version = 3;
  prepare_second(request, version, *before_.image);
  EXPECT_EQ(version, 6);
  ASSERT_EQ(request.topics.size(), 2u);
  EXPECT_EQ(request.topics[0].topic_id, kId);
  EXPECT_EQ(request.topics[0].name, std::nullopt);
  EXPECT_EQ(request.topics[1].name, "nobody");

  protocol::DeleteTopicsResponse answer;
  answer.responses.emplace_back().topic_id = kId;
  answer.responses[0].name.reset();
  answer.responses[0].error_code = ErrorCode::kUnknownTopicId;
  answer.responses.emplace_back().name = "nobody";
  answer.responses[1].error_code = ErrorCode::kUnknownTopicOrPartition;
  EXPECT_FALSE(settle_second(request, *before_.image, *now_.image, answer)) << "this node shows it still";
  now_.remove(kId);
  now_.topic("orders", kAnother, 1);  // created by somebody else meanwhile
  ASSERT_TRUE(settle_second(request, *before_.image, *now_.image, answer));
  EXPECT_EQ(answer.responses[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(answer.responses[0].name, "orders");
  EXPECT_EQ(answer.responses[1].error_code, ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(SecondAttempt, PartitionsThatWereAddedAreItsOwn) {
  before_.topic("orders", kId, 1);
  now_.topic("orders", kId, 1);
  protocol::CreatePartitionsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "orders";
  topic.count = 3;
  const auto judge = [&](bool settled) {
    protocol::CreatePartitionsResponse answer;
    answer.results.emplace_back().name = "orders";
    answer.results[0].error_code = ErrorCode::kInvalidPartitions;
    EXPECT_EQ(settle_second(request, *before_.image, *now_.image, answer), settled);
    return answer.results[0].error_code;
  };
  EXPECT_EQ(judge(false), ErrorCode::kInvalidPartitions);
  now_.partition(kId, 1, 2), now_.partition(kId, 2, 2);
  EXPECT_EQ(judge(true), ErrorCode::kNone);
  now_.partition(kId, 3, 2);
  EXPECT_EQ(judge(true), ErrorCode::kInvalidPartitions) << "somebody else has added more";
  request.topics[0].count = 1;
  EXPECT_EQ(judge(true), ErrorCode::kInvalidPartitions) << "it was refused for what it asked";
}

TEST_F(SecondAttempt, ABrokerThatIsForgottenWasForgottenByIt) {
  protocol::RegisterBrokerRecord broker;
  broker.broker_id = BrokerId{7};
  before_.apply(broker);
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{7};
  protocol::UnregisterBrokerResponse answer;
  answer.error_code = ErrorCode::kBrokerIdNotRegistered;
  ASSERT_TRUE(settle_second(request, *before_.image, *now_.image, answer));
  EXPECT_EQ(answer.error_code, ErrorCode::kNone);
  answer.error_code = ErrorCode::kBrokerIdNotRegistered;
  ASSERT_TRUE(settle_second(request, *now_.image, *now_.image, answer));
  EXPECT_EQ(answer.error_code, ErrorCode::kBrokerIdNotRegistered) << "it never was";
}

}  // namespace
}  // namespace thalweg::broker
