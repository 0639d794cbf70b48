// The APIs that operators' tools call, over a connection.
#include <gtest/gtest.h>

#include <set>

#include "base/log.h"
#include "broker/testing.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"
#include "protocol/describe_log_dirs_request.h"
#include "protocol/describe_log_dirs_response.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/describe_quorum_response.h"
#include "protocol/describe_topic_partitions_request.h"
#include "protocol/describe_topic_partitions_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/list_config_resources_request.h"
#include "protocol/list_config_resources_response.h"
#include "protocol/list_partition_reassignments_request.h"
#include "protocol/list_partition_reassignments_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::broker {
namespace {

constexpr std::int8_t kTopic = 2, kBroker = 4, kLogger = 8, kClientMetrics = 16, kGroup = 32;

class AdminApis : public ::testing::Test {
 protected:
  void create(const std::string& name, std::int32_t partitions = 1) {
    EXPECT_EQ(node_.ask<protocol::CreateTopicsResponse>(creation_of(name, partitions)).topics[0].error_code,
              ErrorCode::kNone);
  }
  ErrorCode set(std::int8_t type, const std::string& name, const std::string& option, const std::string& value) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = name;
    resource.configs.push_back({option, 0, value});
    return node_.ask<protocol::IncrementalAlterConfigsResponse>(request).responses.at(0).error_code;
  }
  auto describe(std::int8_t type, const std::string& name, std::optional<std::vector<std::string>> keys = {}) {
    protocol::DescribeConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = name;
    resource.configuration_keys = std::move(keys);
    return node_.ask<protocol::DescribeConfigsResponse>(request).results[0];
  }

  BrokerUnderTest node_;
};

TEST_F(AdminApis, ALoneBrokerNeedsNoElection) {
  create("orders", 2);
  protocol::ElectLeadersRequest request;
  auto& orders = request.topic_partitions.emplace().emplace_back();
  orders.topic = "orders";
  orders.partitions = {PartitionId{0}, PartitionId{7}};
  for (std::int16_t version = 0; version <= 2; ++version) {
    const auto response = node_.ask<protocol::ElectLeadersResponse>(request, version);
    EXPECT_EQ(response.error_code, ErrorCode::kNone);
    ASSERT_EQ(response.replica_election_results.size(), 1u);
    const auto& results = response.replica_election_results[0].partition_result;
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(results[0].error_code, ErrorCode::kElectionNotNeeded);
    EXPECT_EQ(results[1].error_code, ErrorCode::kUnknownTopicOrPartition);
  }
  request.topic_partitions.reset();  // all
  EXPECT_TRUE(node_.ask<protocol::ElectLeadersResponse>(request).replica_election_results.empty());
}

TEST_F(AdminApis, AnElectionOfNoKnownTypeIsRefusedForEveryPartition) {
  protocol::ElectLeadersRequest request;
  request.election_type = 2;
  auto& orders = request.topic_partitions.emplace().emplace_back();
  orders.topic = "orders";
  orders.partitions = {PartitionId{0}};
  const auto response = node_.ask<protocol::ElectLeadersResponse>(request);
  EXPECT_EQ(response.error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(response.replica_election_results.at(0).partition_result.at(0).error_code, ErrorCode::kInvalidRequest);
}

TEST_F(AdminApis, OnlyARegisteredBrokerCanBeUnregistered) {
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{7};
  const auto response = node_.ask<protocol::UnregisterBrokerResponse>(request);
  EXPECT_EQ(response.error_code, ErrorCode::kBrokerIdNotRegistered);
  EXPECT_EQ(response.error_message, "Broker ID 7 is not currently registered");
}

TEST_F(AdminApis, ABrokerAtWorkThatHasReplicasIsNotUnregistered) {
  create("orders");
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{1};
  const auto response = node_.ask<protocol::UnregisterBrokerResponse>(request);
  EXPECT_EQ(response.error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(response.error_message,
            "Broker ID 1 is at work and has replicas. Stop it first; to remove it for good, move them to others "
            "(thalweg cluster remove 1)");
}

TEST_F(AdminApis, AnUnregisteredBrokerIsBackAfterItsNextStart) {
  protocol::UnregisterBrokerRequest request;
  request.broker_id = BrokerId{1};
  EXPECT_EQ(node_.ask<protocol::UnregisterBrokerResponse>(request).error_code, ErrorCode::kNone);
  protocol::MetadataRequest all;
  all.topics.reset();
  EXPECT_TRUE(node_.ask<protocol::MetadataResponse>(all).brokers.empty());
  const auto epoch = node_.broker().broker_epoch();
  node_.restart();
  EXPECT_GT(node_.broker().broker_epoch(), epoch);
  const auto metadata = node_.ask<protocol::MetadataResponse>(all);
  EXPECT_EQ(metadata.brokers.size(), 1u);
}

TEST_F(AdminApis, ListsWhatHasConfigs) {
  create("orders");
  EXPECT_EQ(set(kClientMetrics, "slow-clients", "interval.ms", "1000"), ErrorCode::kNone);
  EXPECT_EQ(set(kGroup, "g", "consumer.session.timeout.ms", "50000"), ErrorCode::kNone);
  EXPECT_EQ(set(kBroker, "", "log.retention.ms", "86400000"), ErrorCode::kNone);
  protocol::ListConfigResourcesRequest request;
  const auto list = [&](std::int16_t version) {
    std::set<std::pair<int, std::string>> listed;
    const auto response = node_.ask<protocol::ListConfigResourcesResponse>(request, version);
    EXPECT_EQ(response.error_code, ErrorCode::kNone);
    for (const auto& resource : response.config_resources)
      listed.insert({resource.resource_type, resource.resource_name});
    return listed;
  };
  using Listed = std::set<std::pair<int, std::string>>;
  EXPECT_EQ(list(0), (Listed{{kClientMetrics, "slow-clients"}}));
  EXPECT_EQ(
      list(1),
      (Listed{{kTopic, "orders"}, {kBroker, "1"}, {kLogger, "1"}, {kClientMetrics, "slow-clients"}, {kGroup, "g"}}));
  request.resource_types = {kTopic, kGroup};
  EXPECT_EQ(list(1), (Listed{{kTopic, "orders"}, {kGroup, "g"}}));
  request.resource_types = {kTopic, 3};
  const auto refused = node_.ask<protocol::ListConfigResourcesResponse>(request);
  EXPECT_EQ(refused.error_code, ErrorCode::kUnsupportedVersion);
  EXPECT_TRUE(refused.config_resources.empty());
}

TEST_F(AdminApis, DescribesDirectoriesWithTheirPartitionsAndSpace) {
  create("orders", 2);
  protocol::DescribeLogDirsRequest request;
  auto& orders = request.topics.emplace().emplace_back();
  orders.topic = "orders";
  orders.partitions = {PartitionId{1}, PartitionId{9}};
  for (std::int16_t version = 1; version <= 5; ++version) {
    const auto response = node_.ask<protocol::DescribeLogDirsResponse>(request, version);
    EXPECT_EQ(response.error_code, ErrorCode::kNone);
    ASSERT_EQ(response.results.size(), 1u);
    const auto& directory = response.results[0];
    EXPECT_EQ(directory.log_dir, "/data");
    EXPECT_EQ(directory.usable_bytes > 0 && directory.total_bytes > 0, version >= 4);
    ASSERT_EQ(directory.topics.size(), 1u);
    ASSERT_EQ(directory.topics[0].partitions.size(), 1u);
    EXPECT_EQ(directory.topics[0].partitions[0].partition_index, PartitionId{1});
    EXPECT_FALSE(directory.topics[0].partitions[0].is_future_key);
  }
  request.topics.reset();  // all
  EXPECT_EQ(node_.ask<protocol::DescribeLogDirsResponse>(request).results[0].topics.at(0).partitions.size(), 2u);
  request.topics.emplace();  // none
  EXPECT_TRUE(node_.ask<protocol::DescribeLogDirsResponse>(request).results[0].topics.empty());
}

TEST_F(AdminApis, NothingCanBeReassignedToABrokerThatIsNotThere) {
  create("orders");
  protocol::AlterPartitionReassignmentsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "orders";
  auto& partition = topic.partitions.emplace_back();
  const auto outcome = [&](std::optional<std::vector<BrokerId>> replicas) {
    request.topics[0].partitions[0].replicas = std::move(replicas);
    const auto response = node_.ask<protocol::AlterPartitionReassignmentsResponse>(request);
    EXPECT_EQ(response.error_code, ErrorCode::kNone);
    return response.responses.at(0).partitions.at(0).error_code;
  };
  partition.partition_index = PartitionId{0};
  EXPECT_EQ(outcome({{BrokerId{1}}}), ErrorCode::kNone);  // where it is already
  EXPECT_EQ(outcome({{BrokerId{2}}}), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(outcome(std::nullopt), ErrorCode::kNoReassignmentInProgress);
  protocol::ListPartitionReassignmentsRequest all;
  EXPECT_TRUE(node_.ask<protocol::ListPartitionReassignmentsResponse>(all).topics.empty());
}

TEST_F(AdminApis, NoKeysMeanEveryKeyInDescribeConfigs) {
  create("orders");
  EXPECT_EQ(describe(kTopic, "orders").configs.size(), 33u);
  EXPECT_EQ(describe(kTopic, "orders", std::vector<std::string>()).configs.size(), 33u);
  const auto one = describe(kTopic, "orders", std::vector<std::string>{"retention.ms"});
  ASSERT_EQ(one.configs.size(), 1u);
  EXPECT_EQ(one.configs[0].documentation, std::nullopt);  // nobody asked for it
}

TEST_F(AdminApis, AResourceThatDescribeConfigsNamesOftenIsAnsweredOnce) {
  protocol::DescribeConfigsRequest request;
  for (int i = 0; i < 8000; ++i) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kBroker;
    resource.resource_name = i % 2 == 0 ? "1" : "";
  }
  const auto response = node_.ask<protocol::DescribeConfigsResponse>(request);
  ASSERT_EQ(response.results.size(), 2u);
  EXPECT_EQ(response.results[0].resource_name, "1");
  EXPECT_GT(response.results[0].configs.size(), 100u);
}

// A record of the metadata log holds it, and a snapshot has to.
TEST_F(AdminApis, AValueThatTheMetadataLogCannotHoldIsRefused) {
  EXPECT_EQ(set(kClientMetrics, "m", "metrics", std::string(40'000, '*')), ErrorCode::kInvalidConfig);
}

TEST_F(AdminApis, DescribeConfigsTellsIllegalNamesFromUnknownOnes) {
  EXPECT_EQ(describe(kTopic, "nosuch").error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(describe(kTopic, "no such").error_code, ErrorCode::kInvalidTopicException);
  EXPECT_EQ(describe(kGroup, "").error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe(kGroup, "nosuch").error_code, ErrorCode::kNone);
  EXPECT_EQ(describe(kClientMetrics, "").error_code, ErrorCode::kInvalidRequest);
}

TEST_F(AdminApis, DescribesTopicsInPages) {
  create("b", 3);
  create("a", 2);
  protocol::DescribeTopicPartitionsRequest request;
  request.response_partition_limit = 2;
  std::vector<std::string> seen;
  for (int page = 0; page < 3; ++page) {
    const auto response = node_.ask<protocol::DescribeTopicPartitionsResponse>(request);
    for (const auto& topic : response.topics)
      for (const auto& partition : topic.partitions)
        seen.push_back(*topic.name + std::to_string(partition.partition_index.value));
    request.cursor.reset();
    if (!response.next_cursor) break;
    request.cursor = {response.next_cursor->topic_name, response.next_cursor->partition_index};
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a0", "a1", "b0", "b1", "b2"}));
  request.topics.emplace_back().name = "a";
  request.cursor = {"a", PartitionId{-1}};
  const auto refused = node_.ask<protocol::DescribeTopicPartitionsResponse>(request);
  EXPECT_EQ(refused.topics.at(0).error_code, ErrorCode::kInvalidRequest);
}

TEST_F(AdminApis, TheLogLevelChangesWhileTheBrokerRuns) {
  const auto level = [&] { return describe(kLogger, "1").configs.at(0).value; };
  EXPECT_EQ(level(), "INFO");
  EXPECT_EQ(set(kLogger, "1", "root", "ERROR"), ErrorCode::kNone);
  EXPECT_EQ(level(), "ERROR");
  EXPECT_FALSE(log::enabled(log::Level::kWarn));
  EXPECT_EQ(set(kLogger, "1", "root", "INFO"), ErrorCode::kNone);
  EXPECT_EQ(level(), "INFO");
  EXPECT_EQ(set(kLogger, "1", "root", "LOUD"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(set(kLogger, "1", "kafka.server", "INFO"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(set(kLogger, "2", "root", "INFO"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe(kLogger, "2").error_code, ErrorCode::kInvalidRequest);
}

TEST_F(AdminApis, ATopicThatMetadataNamesTwiceIsCreatedOnce) {
  protocol::MetadataRequest request;
  request.topics.emplace();
  for (int i = 0; i < 2; ++i) request.topics->emplace_back().name = "orders";
  for (const auto& topic : node_.ask<protocol::MetadataResponse>(request).topics) {
    EXPECT_EQ(topic.error_code, ErrorCode::kNone);
    EXPECT_EQ(topic.partitions.size(), 1u);
  }
}

TEST_F(AdminApis, TheLoneNodeIsTheQuorum) {
  protocol::DescribeQuorumRequest request;
  auto& topic = request.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back();
  const auto response = node_.ask<protocol::DescribeQuorumResponse>(request);
  EXPECT_EQ(response.error_code, ErrorCode::kNone);
  const auto& partition = response.topics.at(0).partitions.at(0);
  EXPECT_EQ(partition.leader_id, BrokerId{1});
  ASSERT_EQ(partition.current_voters.size(), 1u);
  EXPECT_TRUE(partition.observers.empty());
  const auto& leader = partition.current_voters[0];
  EXPECT_EQ(leader.replica_id, BrokerId{1});
  EXPECT_EQ(leader.log_end_offset, partition.high_watermark) << "everything is committed";
  EXPECT_EQ(leader.last_fetch_timestamp, leader.last_caught_up_timestamp);
  EXPECT_GT(leader.last_fetch_timestamp, 0);
}

TEST_F(AdminApis, FeaturesAreRaisedByAllOrNothing) {
  protocol::UpdateFeaturesRequest request;
  auto& update = request.feature_updates.emplace_back();
  update.feature = "metadata.version";
  update.max_version_level = 30;
  EXPECT_EQ(node_.ask<protocol::UpdateFeaturesResponse>(request).error_code, ErrorCode::kNone) << "as it is already";
  update.max_version_level = 31;
  const auto refused = node_.ask<protocol::UpdateFeaturesResponse>(request);
  EXPECT_EQ(refused.error_code, ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(refused.error_message,
            "The update failed for all features since the following feature had an error: Invalid update version 31 "
            "for feature metadata.version. Local controller 1 only supports versions 7-30");
}

}  // namespace
}  // namespace thalweg::broker
