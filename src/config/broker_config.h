// What a server reads from its configuration, typed. A plain value; load_broker_config() makes one at the start, from
// server.properties (and the environment of the container images), and in_force() when dynamic settings change.
//
// A field is bound to its option's row in broker_*_options.cc, and the row is where default, range and unit are; there
// is no second place. An option that nothing reads has a row and no field.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "config/feature_levels.h"
#include "config/listeners.h"
#include "config/option.h"

namespace thalweg::config {

// When an acknowledged write counts as durable. kFsync: after fdatasync on the replicas that acknowledge. kMemory: in
// the page cache, as Apache Kafka does.
enum class Durability : std::uint8_t { kFsync, kMemory };

// Where consumers read that have said in which rack they are (replica.selector.class): at the leader, or at an in-sync
// replica of their rack.
enum class ReplicaSelector : std::uint8_t { kLeader, kRackAware };

// The longest that a field in milliseconds, seconds or minutes says. What an option asks beyond that is for ever all
// the same, and the sum with an Instant of this process is still one.
inline constexpr std::chrono::hours kLongestSpan{100 * 365 * 24};

struct BrokerConfig {
  // Every field has the default of its row.
  BrokerConfig();

  // Identity and roles
  BrokerId node_id{};
  bool node_id_is_new{};  // the cluster that it joins has offered it, and nobody has said yet that it is this node's
  bool is_broker{};       // process.roles
  bool is_controller{};
  std::optional<std::string> rack;
  std::optional<std::string> cluster_id;  // thalweg.cluster.id: of a node that starts on empty directories
  std::vector<std::string> log_dirs;
  std::string metadata_log_dir;  // when not set, the first of log_dirs

  // Listeners
  std::vector<Listener> listeners;  // what to bind
  // What clients are told: the same names as `listeners`, without the controller's.
  std::vector<Listener> advertised_listeners;
  std::vector<Listener> advertised_controllers;  // what other nodes are told: those of controller_listeners
  std::vector<std::string> controller_listeners;
  std::vector<Voter> quorum_voters;
  std::vector<HttpListener> metrics_listeners;  // empty: metrics and health are not served
  std::int32_t metrics_partition_series_max{};
  std::vector<HttpListener> schema_registry_listeners;  // empty: there is no schema registry
  std::string schema_compatibility_level;               // of subjects that have none; one of the names of levels
  std::vector<HttpListener> console_listeners;          // empty: there is no console
  std::string console_auth;                             // auto, none or token
  bool console_read_only{};
  std::vector<std::string> console_allowed_hosts;
  std::optional<std::string> console_cluster_name;  // nothing: the cluster's id is shown

  // Connections
  std::int32_t socket_request_max_bytes{};
  std::int32_t socket_send_buffer_bytes{};
  std::int32_t socket_receive_buffer_bytes{};
  std::int32_t socket_listen_backlog_size{};
  std::int32_t max_connections{};
  std::int32_t max_connections_per_ip{};
  std::map<std::string, std::int32_t> max_connections_per_ip_overrides;  // by textual address
  std::int32_t max_connection_creation_rate{};                           // per second
  Millis connections_max_idle{};                                         // negative: for ever
  std::int64_t queued_max_request_bytes{};                               // 0 and negative: no limit was asked for
  std::int32_t fetch_max_bytes{};
  std::int32_t max_incremental_fetch_session_cache_slots{};

  // Topics
  std::int32_t num_partitions{};
  std::int16_t default_replication_factor{};
  bool auto_create_topics_enable{};
  bool delete_topic_enable{};
  bool auto_leader_rebalance_enable{};
  std::chrono::seconds leader_imbalance_check_interval{};

  // Logs
  Millis log_retention_check_interval{};
  Millis log_flush_offset_checkpoint_interval{};  // 0: only when the server stops
  Millis log_flush_start_offset_checkpoint_interval{};
  Millis producer_id_expiration{};
  bool log_cleaner_enable{};
  std::int32_t log_cleaner_threads{};
  std::int64_t log_cleaner_dedupe_buffer_size{};
  double log_cleaner_load_factor{};  // log.cleaner.io.buffer.load.factor
  std::int32_t log_cleaner_io_buffer_size{};
  double log_cleaner_bytes_per_second{};  // log.cleaner.io.max.bytes.per.second
  Millis log_cleaner_backoff{};

  // Replication
  std::int32_t replica_fetch_max_bytes{};
  std::int32_t replica_fetch_min_bytes{};
  std::int32_t replica_fetch_response_max_bytes{};
  Millis replica_fetch_wait_max{};
  Millis replica_lag_time_max{};
  ReplicaSelector replica_selector{};
  std::int64_t leader_replication_throttled_rate{};  // bytes per second
  std::int64_t follower_replication_throttled_rate{};
  std::chrono::seconds replication_quota_window{};
  std::int64_t directory_copy_rate{};  // replica.alter.log.dirs.io.max.bytes.per.second
  std::chrono::seconds directory_quota_window{};

  // Quorum and controller
  Millis broker_heartbeat_interval{};
  Millis broker_session_timeout{};
  bool controlled_shutdown_enable{};
  Millis quorum_election_timeout{};
  Millis initial_broker_registration_timeout{};

  // Groups and offsets
  Millis group_initial_rebalance_delay{};
  Millis group_min_session_timeout{};
  Millis group_max_session_timeout{};
  std::int32_t group_max_size{};
  std::int32_t offset_metadata_max_bytes{};
  std::chrono::minutes offsets_retention{};
  Millis offsets_retention_check_interval{};
  std::int32_t offsets_topic_num_partitions{};
  std::int16_t offsets_topic_replication_factor{};
  std::int32_t offsets_topic_segment_bytes{};

  // Transactions
  Millis request_timeout{};               // of a question between brokers
  Millis add_partitions_retry_backoff{};  // add.partitions.to.txn.retry.backoff.ms
  Millis add_partitions_retry_max{};      // add.partitions.to.txn.retry.backoff.max.ms
  bool transaction_partition_verification{};
  std::int32_t transaction_state_log_num_partitions{};
  std::int16_t transaction_state_log_replication_factor{};
  std::int32_t transaction_state_log_min_isr{};
  std::int32_t transaction_state_log_segment_bytes{};
  Millis transaction_max_timeout{};
  Millis transaction_abort_check_interval{};  // transaction.abort.timed.out.transaction.cleanup.interval.ms
  Millis transactional_id_expiration{};
  Millis transactional_id_expiration_check_interval{};  // transaction.remove.expired.transaction.cleanup.interval.ms

  // Ours
  Durability durability{};           // thalweg.durable.acks
  std::int32_t shards{};             // thalweg.shards; 0: one per core
  bool validate_records{};           // thalweg.validate.records
  FeatureLevels feature_levels_max;  // thalweg.feature.levels.max

  // Everything that was set, by its known name, normalised; what DescribeConfigs calls static broker config. Unknown
  // options are in it as they were written: plug-ins and clients of the file may know them.
  Properties properties;
};

struct Loaded {
  BrokerConfig config;
  // Unknown options, each with the nearest known name; ignored old ones; values that will not do what they seem to.
  std::vector<std::string> warnings;
};

// Reads a whole configuration. All mistakes come at once, a line each, in the error's message: values that are not
// valid and options that contradict each other. Unknown options do not stop a server, as in Kafka; they come as
// warnings.
Result<Loaded> load_broker_config(const Properties& given);

// `started`, with the dynamic settings of this broker and of all brokers laid over it, the former first. Only options
// that change at run time follow; a stored value that is not valid counts as not set.
BrokerConfig in_force(const BrokerConfig& started, const Properties& dynamic_broker, const Properties& dynamic_default);

}  // namespace thalweg::config
