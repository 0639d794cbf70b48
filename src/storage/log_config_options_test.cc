#include "storage/log_config_options.h"

#include <gtest/gtest.h>

#include "config/describe.h"

namespace thalweg::storage {
namespace {

const config::Properties kNone;

TEST(LogConfigOptions, FieldsHaveTheDefaultsOfTheirOptions) {
  const LogConfig config;
  EXPECT_EQ(log_config(config::effective_topic_config(kNone, {kNone, kNone, kNone})), config);
  EXPECT_EQ(config.segment_bytes, 1 << 30);
  EXPECT_EQ(config.retention_ms, std::chrono::days(7));
  EXPECT_EQ(config.flush_ms, LogConfig::kForever);
  EXPECT_TRUE(config.cleanup_delete && !config.cleanup_compact);
  EXPECT_EQ(config.compression_type, CompressionPolicy::kProducer);
}

// Every topic option there is has an effect on the value of a topic's logs.
TEST(LogConfigOptions, EveryOptionFillsAField) {
  for (const config::Option* option : config::topic_options().options()) {
    LogConfig changed;
    for (const auto* text :
         {"true", "false", "0", "1", "5", "1048577", "0.25", "compact", "zstd", "LogAppendTime", "0:1"})
      if (const auto other = log_config({{std::string(option->name), text}}); other != LogConfig()) changed = other;
    EXPECT_NE(changed, LogConfig()) << option->name;
  }
}

TEST(LogConfigOptions, TakesWhatATopicSets) {
  const config::Properties set{{"cleanup.policy", "compact"},         {"retention.ms", "3600000"},
                               {"compression.type", "zstd"},          {"message.timestamp.type", "LogAppendTime"},
                               {"min.cleanable.dirty.ratio", "0.25"}, {"segment.bytes", "1048576"}};
  const auto config = log_config(config::effective_topic_config(set, {kNone, kNone, kNone}));
  EXPECT_TRUE(config.cleanup_compact);
  EXPECT_FALSE(config.cleanup_delete);
  EXPECT_EQ(config.retention_ms, Millis(3'600'000));
  EXPECT_EQ(config.compression_type, CompressionPolicy::kZstd);
  EXPECT_EQ(config.message_timestamp_type, TimestampType::kLogAppendTime);
  EXPECT_EQ(config.min_cleanable_dirty_ratio, 0.25);
  EXPECT_EQ(config.segment_bytes, 1048576);
}

TEST(LogConfigOptions, InheritsTheBrokersRetentionInItsUnit) {
  const config::Properties file{{"log.retention.hours", "2"}};
  EXPECT_EQ(log_config(config::effective_topic_config(kNone, {kNone, kNone, file})).retention_ms, Millis(7'200'000));
}

}  // namespace
}  // namespace thalweg::storage
