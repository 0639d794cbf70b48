#include "storage/log_config_options.h"

#include <gtest/gtest.h>

#include "config/describe.h"

namespace thalweg::storage {
namespace {

const config::Properties kNone;

TEST(LogConfigOptions, DefaultsOfTheTableAreThoseOfTheStruct) {
  EXPECT_EQ(log_config(config::effective_topic_config(kNone, {kNone, kNone, kNone})), LogConfig());
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
