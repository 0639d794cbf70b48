#include "config/describe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace thalweg::config {
namespace {

using testing::ElementsAre;

const Properties kNone;

const Described& row(const std::vector<Described>& rows, std::string_view name) {
  return *std::ranges::find(rows, name, &Described::name);
}

// As the tools print it: name=value and synonyms with their sources.
std::string line(const Described& d) {
  constexpr std::string_view kSources[] = {"?",       "TOPIC",  "BROKER",  "BROKER_DEFAULT", "STATIC",
                                           "DEFAULT", "LOGGER", "METRICS", "GROUP"};
  std::string text = fmt::format("{}={} {{", d.name, d.value.value_or("null"));
  for (const auto& s : d.synonyms)
    text += fmt::format("{}:{}={} ", kSources[static_cast<int>(s.source)], s.name, s.value.value_or("null"));
  if (text.back() == ' ') text.pop_back();
  return text + "}";
}

TEST(DescribeTopic, NamesTheLayersThatHaveAValue) {
  const Properties set{{"cleanup.policy", "compact"}, {"retention.ms", "3600000"}};
  const auto rows = describe_topic(set, {kNone, kNone, kNone});
  EXPECT_EQ(rows.size(), 33u);
  EXPECT_EQ(line(row(rows, "cleanup.policy")),
            "cleanup.policy=compact {TOPIC:cleanup.policy=compact DEFAULT:log.cleanup.policy=delete}");
  // Kafka names no default for options whose first broker synonym has none.
  EXPECT_EQ(line(row(rows, "retention.ms")), "retention.ms=3600000 {TOPIC:retention.ms=3600000}");
  EXPECT_EQ(line(row(rows, "segment.ms")), "segment.ms=604800000 {}");
  EXPECT_EQ(line(row(rows, "max.message.bytes")), "max.message.bytes=1048588 {DEFAULT:message.max.bytes=1048588}");
  EXPECT_EQ(row(rows, "cleanup.policy").source, Source::kTopic);
  EXPECT_EQ(row(rows, "max.message.bytes").source, Source::kDefault);
}

TEST(DescribeTopic, DynamicBrokerOverridesTheFile) {
  const Properties all{{"log.retention.ms", "86400000"}}, file{{"log.retention.ms", "5"}, {"log.retention.hours", "1"}};
  const auto rows = describe_topic(kNone, {kNone, all, file});
  EXPECT_EQ(line(row(rows, "retention.ms")),
            "retention.ms=86400000 {BROKER_DEFAULT:log.retention.ms=86400000 STATIC:log.retention.ms=5 "
            "STATIC:log.retention.hours=1 "
            "DEFAULT:log.retention.hours=168}");
}

TEST(DescribeTopic, MillisecondsComeBeforeMinutesBeforeHours) {
  const Properties file{{"log.retention.hours", "1"}, {"log.retention.minutes", "5"}};
  EXPECT_EQ(effective_topic_config(kNone, {kNone, kNone, file}).at("retention.ms"), "300000");
  const Properties unlimited{{"log.retention.minutes", "-1"}};
  EXPECT_EQ(effective_topic_config(kNone, {kNone, kNone, unlimited}).at("retention.ms"), "-1");
}

TEST(DescribeBroker, ShowsTheFileOverDefaultsAndHidesSecrets) {
  const Properties file{
      {"node.id", "1"}, {"broker.id", "1"}, {"ssl.key.password", "secret"}, {"super.users", "User:admin"}};
  const auto rows = describe_broker({kNone, kNone, file});
  EXPECT_EQ(line(row(rows, "broker.id")), "broker.id=1 {STATIC:broker.id=1 DEFAULT:broker.id=-1}");
  EXPECT_EQ(line(row(rows, "ssl.key.password")), "ssl.key.password=null {STATIC:ssl.key.password=null}");
  EXPECT_TRUE(row(rows, "ssl.key.password").sensitive);
  EXPECT_TRUE(row(rows, "super.users").sensitive);  // unknown to the table: nobody knows whether it is a secret
  EXPECT_TRUE(row(rows, "log.dirs").read_only);
  EXPECT_FALSE(row(rows, "log.retention.ms").read_only);
  EXPECT_EQ(line(row(rows, "broker.rack")), "broker.rack=null {}");
  EXPECT_EQ(line(row(rows, "log.retention.hours")), "log.retention.hours=168 {DEFAULT:log.retention.hours=168}");
}

TEST(DescribeBroker, TheDefaultResourceHasOnlyWhatIsSet) {
  const auto rows = describe_broker_default({{"log.retention.ms", "86400000"}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(line(rows[0]), "log.retention.ms=86400000 {BROKER_DEFAULT:log.retention.ms=86400000}");
}

TEST(DescribeGroup, InheritsFromTheBroker) {
  const auto rows = describe_group({{"consumer.session.timeout.ms", "50000"}}, {kNone, kNone, kNone});
  EXPECT_EQ(line(row(rows, "consumer.session.timeout.ms")),
            "consumer.session.timeout.ms=50000 {GROUP:consumer.session.timeout.ms=50000 "
            "DEFAULT:group.consumer.session.timeout.ms=45000}");
  EXPECT_EQ(row(rows, "consumer.heartbeat.interval.ms").value, "5000");
}

TEST(DescribeGroup, WhatNoBrokerOptionBacksHasItsOwnDefault) {
  const auto rows = describe_group({}, {kNone, kNone, kNone});
  EXPECT_EQ(line(row(rows, "share.isolation.level")),
            "share.isolation.level=read_uncommitted {DEFAULT:share.isolation.level=read_uncommitted}");
}

TEST(Validate, GroupsStayWithinTheBrokersBounds) {
  const auto error = validate_group_config({{"consumer.session.timeout.ms", "1"}}, {kNone, kNone, kNone});
  EXPECT_EQ(error.error().message,
            "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms");
  EXPECT_FALSE(validate_group_config({{"consumer.session.timeout.ms", "60001"}}, {kNone, kNone, kNone}));
  const Properties file{{"group.consumer.max.session.timeout.ms", "70000"}};
  EXPECT_TRUE(validate_group_config({{"consumer.session.timeout.ms", "60001"}}, {kNone, kNone, file}));
  EXPECT_TRUE(validate_group_config({{"share.isolation.level", "read_committed"}}, {kNone, kNone, kNone}));
}

TEST(Validate, RefusesWhatKafkaRefuses) {
  EXPECT_EQ(validate_topic_config({{"no.such.config", "1"}}).error().message,
            "Unknown topic config name: no.such.config");
  EXPECT_EQ(validate_topic_config({{"min.compaction.lag.ms", "10"}, {"max.compaction.lag.ms", "5"}}).error().code,
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(validate_topic_config({{"remote.storage.enable", "true"}}).error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(validate_dynamic_broker_config({{"log.dirs", "/nowhere"}}, false).error().message,
            "Cannot update these configs dynamically: [log.dirs]");
  EXPECT_TRUE(validate_dynamic_broker_config({{"log.retention.ms", "1"}}, true));
  EXPECT_FALSE(validate_dynamic_broker_config({{"ssl.keystore.location", "/k"}}, true));
  EXPECT_EQ(validate_client_metrics_config({{"interval.ms", "1"}}).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(validate_dynamic_broker_config({{"log.cleaner.threads", "x"}}, false).error().code,
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(validate_dynamic_broker_config({{"max.connections.per.ip.overrides", "host:1"}}, true).error().code,
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(validate_dynamic_broker_config({{"max.connections.per.ip", "0"}}, true).error().code,
            ErrorCode::kInvalidRequest);
  EXPECT_TRUE(validate_dynamic_broker_config({{"max.connections.per.ip", "0"}}, true,
                                             {{"max.connections.per.ip.overrides", "127.0.0.1:9"}}));
  for (const auto* option : {"listeners", "listener.security.protocol.map", "cordoned.log.dirs"})
    EXPECT_FALSE(validate_dynamic_broker_config({{option, ""}}, false)) << option;
  EXPECT_FALSE(validate_dynamic_broker_config({{"ssl.keystore.location", "/k"}}, false));
  EXPECT_TRUE(validate_dynamic_broker_config({{"listener.name.x.ssl.keystore.location", "/k"}}, false));
  EXPECT_EQ(validate_client_metrics_config({{"match", "x"}}).error().code, ErrorCode::kInvalidConfig);
  EXPECT_TRUE(validate_client_metrics_config({{"match", "client_id=a.*,client_source_port=9.*"}}));
  EXPECT_EQ(validate_client_metrics_config({{"x", "1"}}).error().code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(validate_client_metrics_config({{"interval.ms", "30000"}, {"metrics", "org.apache.kafka."}}));
}

}  // namespace
}  // namespace thalweg::config
