// Every topic-level option of Kafka: what one Log, its retention and its validation follow. A plain value; a change
// replaces it whole (Log::set_config). Which option fills which field: log_config_options.cc. Default and range are in
// the option's row, config/topic_options.cc, and nowhere else.
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

  // Every field has the default of its option.
  LogConfig();

  // Segments
  std::int64_t segment_bytes{};
  Millis segment_ms{};
  Millis segment_jitter_ms{};
  std::int32_t segment_index_bytes{};
  std::int32_t index_interval_bytes{};
  bool preallocate{};  // accepted for compatibility; segments grow as they fill

  // Flushing, besides the durable acknowledgements that need no option
  std::int64_t flush_messages{};
  Millis flush_ms{};

  // Retention
  bool cleanup_delete{};  // cleanup.policy
  bool cleanup_compact{};
  std::int64_t retention_bytes{};
  Millis retention_ms{};                 // -1: no limit
  std::int64_t local_retention_bytes{};  // -2: as retention_bytes
  Millis local_retention_ms{};           // -2: as retention_ms
  Millis file_delete_delay_ms{};

  // Compaction
  Millis delete_retention_ms{};
  Millis min_compaction_lag_ms{};
  Millis max_compaction_lag_ms{};
  double min_cleanable_dirty_ratio{};

  // Messages
  std::int32_t max_message_bytes{};
  CompressionPolicy compression_type{};
  std::int32_t compression_gzip_level{};
  std::int32_t compression_lz4_level{};
  std::int32_t compression_zstd_level{};
  TimestampType message_timestamp_type{};
  Millis message_timestamp_before_max_ms{};
  Millis message_timestamp_after_max_ms{};

  // Replication
  std::int32_t min_insync_replicas{};
  bool unclean_leader_election_enable{};
  std::vector<std::string> leader_replication_throttled_replicas;
  std::vector<std::string> follower_replication_throttled_replicas;

  // Tiered storage
  bool remote_storage_enable{};
  bool remote_log_copy_disable{};
  bool remote_log_delete_on_disable{};

  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

}  // namespace thalweg::storage
