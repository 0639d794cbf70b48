// What an application may be given, and what its clients get of it.
#include "streams/options.h"

#include <gtest/gtest.h>

namespace thalweg::streams::detail {
namespace {

AppConfig config_of(Properties properties, Guarantee guarantee = Guarantee::kAtLeastOnce) {
  return {.application_id = "app", .brokers = "b:1", .guarantee = guarantee, .properties = std::move(properties)};
}

TEST(Options, HaveKafkaStreamsDefaults) {
  const auto least = options_of(config_of({})), once = options_of(config_of({}, Guarantee::kExactlyOnceV2));
  EXPECT_EQ(least->worker.commit_interval, 30s);
  EXPECT_EQ(once->worker.commit_interval, 100ms);
  EXPECT_TRUE(once->worker.exactly_once);
  EXPECT_EQ(least->main_consumer.at("isolation.level"), "read_uncommitted");
  EXPECT_EQ(once->main_consumer.at("isolation.level"), "read_committed");
  EXPECT_EQ(once->restore_consumer.at("isolation.level"), "read_committed");
  EXPECT_EQ(once->admin.at("isolation.level"), "read_uncommitted");
  EXPECT_EQ(once->producer.at("transaction.timeout.ms"), "10000");
  EXPECT_FALSE(least->producer.contains("transaction.timeout.ms"));
  EXPECT_EQ(least->producer.at("partitioner"), "murmur2_random");
}

TEST(Options, GoToTheClientsThatTheyAreFor) {
  const auto options = options_of(config_of({{"security.protocol", "ssl"},
                                             {"session.timeout.ms", "7000"},
                                             {"linger.ms", "3"},
                                             {"consumer.fetch.min.bytes", "5"},
                                             {"restore.consumer.fetch.min.bytes", "6"},
                                             {"producer.compression.type", "lz4"}}));
  ASSERT_TRUE(options);
  for (const auto& client : {options->main_consumer, options->restore_consumer, options->producer, options->admin}) {
    EXPECT_EQ(client.at("security.protocol"), "ssl");
    EXPECT_EQ(client.at("bootstrap.servers"), "b:1");
  }
  EXPECT_EQ(options->main_consumer.at("session.timeout.ms"), "7000");
  EXPECT_EQ(options->main_consumer.at("fetch.min.bytes"), "5");
  EXPECT_EQ(options->restore_consumer.at("fetch.min.bytes"), "6");
  EXPECT_EQ(options->producer.at("linger.ms"), "3");
  EXPECT_EQ(options->producer.at("compression.type"), "lz4");
}

TEST(Options, AllMistakesComeAtOnce) {
  auto config = config_of({{"comit.interval.ms", "5"}, {"poll.ms", "soon"}, {"auto.offset.reset", "middle"}});
  config.application_id.clear();
  config.standbys = 1;
  const auto options = options_of(config);
  ASSERT_FALSE(options);
  const auto& said = options.error().message;
  for (const auto* part : {"commit.interval.ms", "poll.ms is a whole number", "auto.offset.reset is earliest",
                           "application_id is missing", "standbys"})
    EXPECT_NE(said.find(part), std::string::npos) << part << " in " << said;
}

}  // namespace
}  // namespace thalweg::streams::detail
