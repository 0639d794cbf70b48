// Every topic-level option of Kafka with its default: what one Log, its retention and its validation follow.
// A plain value; a change replaces it whole (Log::set_config). The option table over it is log_config_options.h.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/time.h"
#include "record/batch.h"

namespace thalweg::storage {

using record::TimestampType;

// compression.type: the codec of the log, or whatever the producer chose. The first five have the codec's number in a
// batch.
enum class CompressionPolicy : std::uint8_t {
  kUncompressed = 0,
  kGzip = 1,
  kSnappy = 2,
  kLz4 = 3,
  kZstd = 4,
  kProducer
};

struct LogConfig {
  static constexpr Millis kForever{std::numeric_limits<std::int64_t>::max()};
  static constexpr std::int64_t kUnlimited = -1;

  // Segments
  std::int64_t segment_bytes = 1LL << 30;
  Millis segment_ms{7LL * 24 * 3600 * 1000};
  Millis segment_jitter_ms{0};
  std::int32_t segment_index_bytes = 10 << 20;
  std::int32_t index_interval_bytes = 4096;
  bool preallocate = false;  // accepted for compatibility; segments grow as they fill

  // Flushing, besides the durable acknowledgements that need no option
  std::int64_t flush_messages = std::numeric_limits<std::int64_t>::max();
  Millis flush_ms = kForever;

  // Retention
  bool cleanup_delete = true;  // cleanup.policy
  bool cleanup_compact = false;
  std::int64_t retention_bytes = kUnlimited;
  Millis retention_ms{7LL * 24 * 3600 * 1000};  // -1: no limit
  std::int64_t local_retention_bytes = -2;      // -2: as retention_bytes
  Millis local_retention_ms{-2};                // -2: as retention_ms
  Millis file_delete_delay_ms{60'000};

  // Compaction
  Millis delete_retention_ms{24LL * 3600 * 1000};
  Millis min_compaction_lag_ms{0};
  Millis max_compaction_lag_ms = kForever;
  double min_cleanable_dirty_ratio = 0.5;

  // Messages
  std::int32_t max_message_bytes = 1048588;
  CompressionPolicy compression_type = CompressionPolicy::kProducer;
  std::int32_t compression_gzip_level = -1;
  std::int32_t compression_lz4_level = 9;
  std::int32_t compression_zstd_level = 3;
  TimestampType message_timestamp_type = TimestampType::kCreateTime;
  Millis message_timestamp_before_max_ms = kForever;
  Millis message_timestamp_after_max_ms{3600'000};

  // Replication
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  std::vector<std::string> leader_replication_throttled_replicas;
  std::vector<std::string> follower_replication_throttled_replicas;

  // Tiered storage
  bool remote_storage_enable = false;
  bool remote_log_copy_disable = false;
  bool remote_log_delete_on_disable = false;

  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

}  // namespace thalweg::storage
