#include "storage/log_config_options.h"

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>

#include "base/check.h"

namespace thalweg::storage {
namespace {

class Fields {
 public:
  explicit Fields(const config::Properties& effective) : effective_(effective) {}

  template <class T>
  void read(std::string_view name, T& field) const {
    const auto value = find(name);
    if (!value) return;
    if constexpr (std::same_as<T, bool> || std::same_as<T, double> || std::same_as<T, std::vector<std::string>>)
      field = std::get<T>(*value);
    else if constexpr (std::integral<T>)
      field = static_cast<T>(std::get<std::int64_t>(*value));
    else
      field = T(std::get<std::int64_t>(*value));  // a duration
  }
  std::string text(std::string_view name) const {
    const auto value = find(name);
    return value ? config::to_string(*value) : std::string();
  }

 private:
  std::optional<config::Value> find(std::string_view name) const {
    const auto* option = config::topic_options().find(name);
    CHECK(option);
    const auto it = effective_.find(name);
    if (it == effective_.end()) return std::nullopt;
    auto value = config::parse(*option, it->second);
    return value ? std::optional(*std::move(value)) : std::nullopt;
  }

  const config::Properties& effective_;
};

CompressionPolicy compression(std::string_view name) {
  constexpr std::string_view kNames[] = {"uncompressed", "gzip", "snappy", "lz4", "zstd"};
  const auto it = std::ranges::find(kNames, name);
  return it == std::end(kNames) ? CompressionPolicy::kProducer
                                : static_cast<CompressionPolicy>(it - std::begin(kNames));
}

void read_cleanup_policy(const Fields& in, LogConfig& config) {
  std::vector<std::string> policies{"delete"};
  in.read("cleanup.policy", policies);
  const auto has = [&](std::string_view policy) { return std::ranges::find(policies, policy) != policies.end(); };
  config.cleanup_delete = has("delete");
  config.cleanup_compact = has("compact");
}

}  // namespace

LogConfig log_config(const config::Properties& effective) {
  const Fields in(effective);
  LogConfig config;
  in.read("segment.bytes", config.segment_bytes);
  in.read("internal.segment.bytes", config.segment_bytes);
  in.read("segment.ms", config.segment_ms);
  in.read("segment.jitter.ms", config.segment_jitter_ms);
  in.read("segment.index.bytes", config.segment_index_bytes);
  in.read("index.interval.bytes", config.index_interval_bytes);
  in.read("preallocate", config.preallocate);
  in.read("flush.messages", config.flush_messages);
  in.read("flush.ms", config.flush_ms);
  read_cleanup_policy(in, config);
  in.read("retention.bytes", config.retention_bytes);
  in.read("retention.ms", config.retention_ms);
  in.read("local.retention.bytes", config.local_retention_bytes);
  in.read("local.retention.ms", config.local_retention_ms);
  in.read("file.delete.delay.ms", config.file_delete_delay_ms);
  in.read("delete.retention.ms", config.delete_retention_ms);
  in.read("min.compaction.lag.ms", config.min_compaction_lag_ms);
  in.read("max.compaction.lag.ms", config.max_compaction_lag_ms);
  in.read("min.cleanable.dirty.ratio", config.min_cleanable_dirty_ratio);
  in.read("max.message.bytes", config.max_message_bytes);
  config.compression_type = compression(in.text("compression.type"));
  in.read("compression.gzip.level", config.compression_gzip_level);
  in.read("compression.lz4.level", config.compression_lz4_level);
  in.read("compression.zstd.level", config.compression_zstd_level);
  if (in.text("message.timestamp.type") == "LogAppendTime")
    config.message_timestamp_type = TimestampType::kLogAppendTime;
  in.read("message.timestamp.before.max.ms", config.message_timestamp_before_max_ms);
  in.read("message.timestamp.after.max.ms", config.message_timestamp_after_max_ms);
  in.read("min.insync.replicas", config.min_insync_replicas);
  in.read("unclean.leader.election.enable", config.unclean_leader_election_enable);
  in.read("leader.replication.throttled.replicas", config.leader_replication_throttled_replicas);
  in.read("follower.replication.throttled.replicas", config.follower_replication_throttled_replicas);
  in.read("remote.storage.enable", config.remote_storage_enable);
  in.read("remote.log.copy.disable", config.remote_log_copy_disable);
  in.read("remote.log.delete.on.disable", config.remote_log_delete_on_disable);
  return config;
}

}  // namespace thalweg::storage
