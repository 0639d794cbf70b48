#include "storage/log_config_options.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "config/field.h"

namespace thalweg::storage {
namespace {

using config::Value;
using Setter = void (*)(LogConfig&, const Value&);

template <auto Field>
constexpr Setter into =
    [](LogConfig& config, const Value& value) { config.*Field = config::to_field<config::FieldType<Field>>(value); };

void set_cleanup_policy(LogConfig& config, const Value& value) {
  const auto& policies = std::get<std::vector<std::string>>(value);
  const auto has = [&](std::string_view policy) { return std::ranges::find(policies, policy) != policies.end(); };
  config.cleanup_delete = has("delete");
  config.cleanup_compact = has("compact");
}

void set_compression(LogConfig& config, const Value& value) {
  constexpr std::string_view kNames[] = {"uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"};
  const auto it = std::ranges::find(kNames, std::get<std::string>(value));
  CHECK(it != std::end(kNames));
  config.compression_type = static_cast<CompressionPolicy>(it - std::begin(kNames));
}

void set_timestamp_type(LogConfig& config, const Value& value) {
  const bool append_time = std::get<std::string>(value) == "LogAppendTime";
  config.message_timestamp_type = append_time ? TimestampType::kLogAppendTime : TimestampType::kCreateTime;
}

struct Binding {
  std::string_view option;
  Setter set;
};
// In this order: internal.segment.bytes overrides segment.bytes.
constexpr Binding kFields[] = {
    {"segment.bytes", into<&LogConfig::segment_bytes>},
    {"internal.segment.bytes", into<&LogConfig::segment_bytes>},
    {"segment.ms", into<&LogConfig::segment_ms>},
    {"segment.jitter.ms", into<&LogConfig::segment_jitter_ms>},
    {"segment.index.bytes", into<&LogConfig::segment_index_bytes>},
    {"index.interval.bytes", into<&LogConfig::index_interval_bytes>},
    {"preallocate", into<&LogConfig::preallocate>},
    {"flush.messages", into<&LogConfig::flush_messages>},
    {"flush.ms", into<&LogConfig::flush_ms>},
    {"cleanup.policy", set_cleanup_policy},
    {"retention.bytes", into<&LogConfig::retention_bytes>},
    {"retention.ms", into<&LogConfig::retention_ms>},
    {"local.retention.bytes", into<&LogConfig::local_retention_bytes>},
    {"local.retention.ms", into<&LogConfig::local_retention_ms>},
    {"file.delete.delay.ms", into<&LogConfig::file_delete_delay_ms>},
    {"delete.retention.ms", into<&LogConfig::delete_retention_ms>},
    {"min.compaction.lag.ms", into<&LogConfig::min_compaction_lag_ms>},
    {"max.compaction.lag.ms", into<&LogConfig::max_compaction_lag_ms>},
    {"min.cleanable.dirty.ratio", into<&LogConfig::min_cleanable_dirty_ratio>},
    {"max.message.bytes", into<&LogConfig::max_message_bytes>},
    {"compression.type", set_compression},
    {"compression.gzip.level", into<&LogConfig::compression_gzip_level>},
    {"compression.lz4.level", into<&LogConfig::compression_lz4_level>},
    {"compression.zstd.level", into<&LogConfig::compression_zstd_level>},
    {"message.timestamp.type", set_timestamp_type},
    {"message.timestamp.before.max.ms", into<&LogConfig::message_timestamp_before_max_ms>},
    {"message.timestamp.after.max.ms", into<&LogConfig::message_timestamp_after_max_ms>},
    {"min.insync.replicas", into<&LogConfig::min_insync_replicas>},
    {"unclean.leader.election.enable", into<&LogConfig::unclean_leader_election_enable>},
    {"leader.replication.throttled.replicas", into<&LogConfig::leader_replication_throttled_replicas>},
    {"follower.replication.throttled.replicas", into<&LogConfig::follower_replication_throttled_replicas>},
    {"remote.storage.enable", into<&LogConfig::remote_storage_enable>},
    {"remote.log.copy.disable", into<&LogConfig::remote_log_copy_disable>},
    {"remote.log.delete.on.disable", into<&LogConfig::remote_log_delete_on_disable>},
};

// Nothing where there is no text, or it is not valid.
void set_field(LogConfig& config, const Binding& binding, std::string_view text) {
  const config::Option* option = config::topic_options().find(binding.option);
  CHECK(option);
  if (const auto value = config::parse(*option, text)) binding.set(config, *value);
}

std::vector<std::pair<Setter, Value>> parsed_defaults() {
  std::vector<std::pair<Setter, Value>> defaults;
  for (const Binding& binding : kFields) {
    const config::Option* option = config::topic_options().find(binding.option);
    CHECK(option);
    if (!option->default_value) continue;
    const auto value = config::parse(*option, option->default_value);
    CHECK(value);
    defaults.emplace_back(binding.set, *value);
  }
  return defaults;
}

}  // namespace

// The rows are read once, since there is a LogConfig for every partition that is opened.
LogConfig::LogConfig() {
  static const auto kDefaults = parsed_defaults();
  for (const auto& [set, value] : kDefaults) set(*this, value);
}

LogConfig log_config(const config::Properties& effective) {
  LogConfig config;
  for (const Binding& binding : kFields)
    if (const auto it = effective.find(binding.option); it != effective.end()) set_field(config, binding, it->second);
  return config;
}

}  // namespace thalweg::storage
