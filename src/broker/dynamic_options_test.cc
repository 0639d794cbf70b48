// Options of brokers that are changed while one runs, over a connection as operators do.
#include <gtest/gtest.h>

#include "broker/broker_shard.h"
#include "broker/testing.h"
#include "config/describe.h"
#include "metadata/image_builder.h"
#include "metadata/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"

namespace thalweg::broker {
namespace {

constexpr std::int8_t kBrokers = 4, kSet = 0, kDelete = 1;

protocol::IncrementalAlterConfigsRequest change(const std::string& option, const std::optional<std::string>& value,
                                                const std::string& broker = "") {
  protocol::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kBrokers;
  resource.resource_name = broker;
  resource.configs.push_back({option, value ? kSet : kDelete, value});
  return request;
}

struct DynamicOptions : testing::Test {
  ErrorCode set(const std::string& option, const std::optional<std::string>& value, const std::string& broker = "") {
    const auto response = node.ask<protocol::IncrementalAlterConfigsResponse>(change(option, value, broker));
    return response.responses.at(0).error_code;
  }
  // Over a connection that is there already, for limits that let no other in.
  ErrorCode set_on(const ChannelPtr& channel, const std::string& option, const std::string& value) {
    const auto response = node.try_ask<protocol::IncrementalAlterConfigsResponse>(channel, change(option, value));
    return response ? response->responses.at(0).error_code : response.error().code;
  }
  bool is_served(const Result<ChannelPtr>& channel) {
    return channel && node.try_ask<protocol::MetadataResponse>(*channel, protocol::MetadataRequest());
  }

  BrokerUnderTest node;
};

TEST_F(DynamicOptions, LimitsOfConnectionsHoldFromNowOn) {
  const auto first = node.connect();
  ASSERT_TRUE(is_served(first));
  ASSERT_EQ(set_on(*first, "max.connections.per.ip", "1"), ErrorCode::kNone);
  EXPECT_FALSE(is_served(node.connect()));
  EXPECT_TRUE(is_served(first)) << "whoever is connected stays";
  ASSERT_EQ(set_on(*first, "max.connections.per.ip", "2"), ErrorCode::kNone);
  const auto second = node.connect();
  EXPECT_TRUE(is_served(second));
  EXPECT_FALSE(is_served(node.connect()));
}

TEST_F(DynamicOptions, ThoseWhoWaitForAPlaceGetItWhenThereAreMore) {
  const auto first = node.connect();
  ASSERT_EQ(set_on(*first, "max.connections", "1"), ErrorCode::kNone);
  const auto second = node.connect();
  EXPECT_FALSE(is_served(second));
  ASSERT_EQ(set_on(*first, "max.connections", "3"), ErrorCode::kNone);
  EXPECT_TRUE(is_served(node.connect()));
}

TEST_F(DynamicOptions, ARateOfNoneIsTakenBack) {
  const auto first = node.connect();
  ASSERT_EQ(set_on(*first, "max.connection.creation.rate", "0"), ErrorCode::kNone);
  EXPECT_FALSE(is_served(node.connect()));
  ASSERT_EQ(set_on(*first, "max.connection.creation.rate", "100"), ErrorCode::kNone);
  EXPECT_TRUE(is_served(node.connect()));
}

TEST_F(DynamicOptions, AreInForceAfterARestart) {
  ASSERT_EQ(set("max.connections.per.ip", "1"), ErrorCode::kNone);
  node.restart();
  const auto first = node.connect();
  EXPECT_TRUE(is_served(first));
  EXPECT_FALSE(is_served(node.connect()));
}

TEST_F(DynamicOptions, WhatWouldLockEverybodyOutIsRefused) {
  EXPECT_EQ(set("max.connections.per.ip", "0"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set("max.connections.per.ip.overrides", "localhost:1"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set("listeners", "PLAINTEXT://:9093", "1"), ErrorCode::kInvalidRequest);
}

// Each default of a topic's option reaches the logs that are open, and leaves them when it is taken away.
TEST_F(DynamicOptions, DefaultsOfTopicsReachTheirLogs) {
  const auto created = node.ask<protocol::CreateTopicsResponse>(creation_of("orders"));
  const replica::PartitionKey key{created.topics.at(0).topic_id, PartitionId{0}};
  const auto log_config = [&] { return node.broker().owner_of(key).partitions.find(key)->log().config(); };
  const auto before = log_config();
  int changed = 0;
  for (const config::Option* option : config::topic_options().options())
    for (const auto name : config::broker_synonyms(option->name)) {
      if (config::broker_options().find(name)->update == config::Update::kReadOnly) continue;
      SCOPED_TRACE(name);
      const std::string broker_option(name);
      for (const auto* value : {"1048577", "5", "0.25", "true", "compact", "zstd", "LogAppendTime"}) {
        if (!config::validate_dynamic_broker_config({{broker_option, value}}, true)) continue;
        ASSERT_EQ(set(broker_option, value), ErrorCode::kNone);
        EXPECT_NE(log_config(), before) << value;
        ++changed;
        break;
      }
      if (name == "min.insync.replicas") {  // eligible leader replicas need it; Kafka refuses, too
        EXPECT_NE(set(broker_option, std::nullopt), ErrorCode::kNone);
        ASSERT_EQ(set(broker_option, "1"), ErrorCode::kNone);
      } else {
        ASSERT_EQ(set(broker_option, std::nullopt), ErrorCode::kNone);
      }
      EXPECT_EQ(log_config(), before);
    }
  EXPECT_GE(changed, 25);
}

// What nobody here follows costs nothing, and topics hear only of what they inherit.
TEST_F(DynamicOptions, AreFollowedByThoseTheyConcern) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("cluster"));
  const auto follow = [&](const std::string& broker, const std::string& option, std::optional<std::string> value) {
    using metadata::ResourceType;
    CHECK(builder.apply(metadata::testing::config(ResourceType::kBroker, broker, option, std::move(value))));
    return node.broker().follow(*builder.build().image);
  };
  follow("", "min.insync.replicas", "1");  // as the cluster has it
  EXPECT_FALSE(follow("", "max.connections", "7"));
  EXPECT_FALSE(follow("2", "log.retention.ms", "1000")) << "another broker's";
  EXPECT_TRUE(follow("1", "log.retention.ms", "1000"));
  EXPECT_FALSE(follow("", "log.retention.ms", "2000")) << "this broker has its own";
  EXPECT_TRUE(follow("1", "log.retention.ms", std::nullopt));
}

}  // namespace
}  // namespace thalweg::broker
