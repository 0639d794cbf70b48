#include "controller/configs.h"

#include <gtest/gtest.h>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using testing::Controller;

constexpr std::int8_t kTopic = 2, kBroker = 4, kLogger = 8, kClientMetrics = 16, kGroup = 32;
constexpr std::int8_t kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3;

class ConfigsTest : public ::testing::Test {
 protected:
  ConfigsTest() {
    controller_.start_broker(1);
    controller_.create("plain");
  }

  struct Change {
    std::string name;
    std::int8_t operation;
    std::optional<std::string> value;
  };
  Error change(std::int8_t type, const std::string& resource, const std::vector<Change>& changes,
               bool validate_only = false) {
    protocol::IncrementalAlterConfigsRequest request;
    request.validate_only = validate_only;
    auto& r = request.resources.emplace_back();
    r.resource_type = type;
    r.resource_name = resource;
    for (const auto& c : changes) r.configs.push_back({c.name, c.operation, c.value});
    const auto result = controller_.ask<protocol::IncrementalAlterConfigsResponse>(request).responses.front();
    return {result.error_code, result.error_message.value_or("")};
  }
  Error replace(const std::string& topic, const config::Properties& set) {
    protocol::AlterConfigsRequest request;
    auto& r = request.resources.emplace_back();
    r.resource_type = kTopic;
    r.resource_name = topic;
    for (const auto& [name, value] : set) r.configs.push_back({name, value});
    const auto result = controller_.ask<protocol::AlterConfigsResponse>(request).responses.front();
    return {result.error_code, result.error_message.value_or("")};
  }
  const config::Properties& plain() const { return controller_.image().topic_configs("plain"); }

  Controller controller_;
};

TEST_F(ConfigsTest, SetsAndDeletes) {
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kSet, "1000"}, {"segment.bytes", kSet, "1048576"}}).code,
            ErrorCode::kNone);
  EXPECT_EQ(plain(), (config::Properties{{"retention.ms", "1000"}, {"segment.bytes", "1048576"}}));
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kDelete, std::nullopt}}).code, ErrorCode::kNone);
  EXPECT_EQ(plain(), (config::Properties{{"segment.bytes", "1048576"}}));
}

TEST_F(ConfigsTest, WhatIsAsItWasAppendsNothing) {
  change(kTopic, "plain", {{"retention.ms", kSet, "1000"}});
  const auto before = controller_.log().size();
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kSet, "1000"}, {"flush.ms", kDelete, {}}}).code,
            ErrorCode::kNone);
  EXPECT_EQ(controller_.log().size(), before);
}

TEST_F(ConfigsTest, AppendsToListsFromTheirDefault) {
  EXPECT_EQ(change(kTopic, "plain", {{"cleanup.policy", kAppend, "compact,delete"}}).code, ErrorCode::kNone);
  EXPECT_EQ(plain().at("cleanup.policy"), "delete,compact");
  EXPECT_EQ(change(kTopic, "plain", {{"cleanup.policy", kSubtract, "delete"}}).code, ErrorCode::kNone);
  EXPECT_EQ(plain().at("cleanup.policy"), "compact");
  const auto error = change(kTopic, "plain", {{"retention.ms", kAppend, "1"}});
  EXPECT_EQ(error.code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(error.message, "Can't APPEND to key retention.ms because its type is not LIST.");
}

TEST_F(ConfigsTest, AResourceChangesWholeOrNotAtAll) {
  const auto error = change(kTopic, "plain", {{"segment.bytes", kSet, "1048576"}, {"retention.ms", kSet, "-5"}});
  EXPECT_EQ(error.code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(error.message, "Invalid value -5 for configuration retention.ms: Value must be at least -1");
  EXPECT_TRUE(plain().empty());
}

TEST_F(ConfigsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(change(kTopic, "nosuch", {{"retention.ms", kSet, "1000"}}),
            (Error{ErrorCode::kUnknownTopicOrPartition, "The topic 'nosuch' does not exist."}));
  EXPECT_EQ(change(kTopic, "no such", {{"retention.ms", kSet, "1000"}}).code, ErrorCode::kInvalidTopicException);
  EXPECT_EQ(change(kTopic, "", {{"retention.ms", kSet, "1000"}}).code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(change(kTopic, "plain", {{"retension.ms", kSet, "1000"}}).code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kSet, std::nullopt}}).code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", 9, "1"}}).code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kSet, "1"}, {"retention.ms", kDelete, {}}}).code,
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(change(kLogger, "1", {{"x", kSet, "INFO"}}).code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(change(kGroup, "", {{"share.session.timeout.ms", kSet, "50000"}}).code, ErrorCode::kInvalidRequest);
}

TEST_F(ConfigsTest, BrokersTakeWhatARunningBrokerCanChange) {
  EXPECT_EQ(change(kBroker, "1", {{"log.dirs", kSet, "/nowhere"}}),
            (Error{ErrorCode::kInvalidRequest, "Cannot update these configs dynamically: [log.dirs]"}));
  EXPECT_EQ(change(kBroker, "9", {{"log.cleaner.threads", kSet, "2"}}).code, ErrorCode::kBrokerIdNotRegistered);
  EXPECT_EQ(change(kBroker, "x", {{"log.cleaner.threads", kSet, "2"}}).code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(change(kBroker, "1", {{"log.cleaner.threads", kSet, "2"}}).code, ErrorCode::kNone);
  EXPECT_EQ(change(kBroker, "", {{"log.retention.ms", kSet, "86400000"}}).code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().configs({metadata::ResourceType::kBroker, ""}).at("log.retention.ms"), "86400000");
}

TEST_F(ConfigsTest, GroupsAndClientMetricsHaveConfigsOfTheirOwn) {
  EXPECT_EQ(change(kGroup, "g3", {{"consumer.session.timeout.ms", kSet, "50000"}}).code, ErrorCode::kNone);
  EXPECT_EQ(change(kClientMetrics, "M1", {{"interval.ms", kSet, "30000"}}).code, ErrorCode::kNone);
  EXPECT_EQ(change(kClientMetrics, "M1", {{"interval.ms", kSet, "1"}}).code, ErrorCode::kInvalidRequest);
}

TEST_F(ConfigsTest, ReplacingResetsWhatIsLeftOut) {
  EXPECT_EQ(replace("plain", {{"retention.ms", "1000"}, {"segment.bytes", "1048576"}}).code, ErrorCode::kNone);
  EXPECT_EQ(replace("plain", {{"retention.ms", "2000"}}).code, ErrorCode::kNone);
  EXPECT_EQ(plain(), (config::Properties{{"retention.ms", "2000"}}));
  EXPECT_EQ(replace("plain", {{"retention.ms", "soon"}}).code, ErrorCode::kInvalidConfig);
}

TEST_F(ConfigsTest, ValidateOnlyChangesNothing) {
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kSet, "1000"}}, true).code, ErrorCode::kNone);
  EXPECT_EQ(change(kTopic, "plain", {{"retention.ms", kSet, "-5"}}, true).code, ErrorCode::kInvalidConfig);
  EXPECT_TRUE(plain().empty());
}

TEST_F(ConfigsTest, SuccessComesWithoutAMessage) {
  protocol::AlterConfigsRequest request;
  auto& plain = request.resources.emplace_back();
  plain.resource_type = kTopic;
  plain.resource_name = "plain";
  EXPECT_EQ(controller_.ask<protocol::AlterConfigsResponse>(request).responses[0].error_message, std::nullopt);
}

TEST_F(ConfigsTest, AResourceNamedTwiceIsRefused) {
  protocol::IncrementalAlterConfigsRequest request;
  request.resources.resize(2);
  for (auto& r : request.resources) {
    r.resource_type = kTopic;
    r.resource_name = "plain";
  }
  const auto results = controller_.ask<protocol::IncrementalAlterConfigsResponse>(request).responses;
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error_code, ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace thalweg::controller
