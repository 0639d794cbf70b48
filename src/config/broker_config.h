// What a server reads from its configuration, typed. Made once at start from server.properties (and the environment of
// the container images) and again when a dynamic broker config changes; a plain value with Kafka's defaults, so that a
// server starts on an empty file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "config/listeners.h"
#include "config/option.h"

namespace thalweg::config {

// When an acknowledged write counts as durable. kFsync: after fdatasync on the replicas that acknowledge. kMemory: in
// the page cache, as Apache Kafka does.
enum class Durability : std::uint8_t { kFsync, kMemory };

struct BrokerConfig {
  // Identity and roles
  BrokerId node_id{1};
  bool is_broker = true;  // process.roles
  bool is_controller = true;
  std::optional<std::string> rack;  // broker.rack
  std::vector<std::string> log_dirs{"/tmp/kafka-logs"};
  std::string metadata_log_dir{"/tmp/kafka-logs"};  // metadata.log.dir, or the first of log.dirs

  // Listeners
  std::vector<Listener> listeners;  // what to bind
  std::vector<Listener>
      advertised_listeners;  // what clients are told; same names as `listeners`, without the controller's
  std::string inter_broker_listener{"PLAINTEXT"};
  std::vector<std::string> controller_listeners;  // controller.listener.names
  std::vector<Voter> quorum_voters;               // controller.quorum.voters
  std::vector<std::string> quorum_bootstrap_servers;

  // Connections
  std::int32_t socket_request_max_bytes = 104857600;
  std::int32_t socket_send_buffer_bytes = 102400;
  std::int32_t socket_receive_buffer_bytes = 102400;
  std::int32_t socket_listen_backlog_size = 50;
  std::int32_t max_connections = 2147483647;
  std::int32_t max_connections_per_ip = 2147483647;
  std::map<std::string, std::int32_t> max_connections_per_ip_overrides;  // by textual address
  std::int32_t max_connection_creation_rate = 2147483647;                // per second
  Millis connections_max_idle{600'000};
  Millis request_timeout{30'000};
  std::int64_t queued_max_request_bytes = -1;
  std::int32_t fetch_max_bytes = 57671680;
  std::int32_t max_incremental_fetch_session_cache_slots = 1000;

  // Topics
  std::int32_t num_partitions = 1;
  std::int16_t default_replication_factor = 1;
  std::int32_t min_insync_replicas = 1;
  std::int32_t message_max_bytes = 1048588;
  bool auto_create_topics_enable = true;
  bool delete_topic_enable = true;
  bool unclean_leader_election_enable = false;
  bool auto_leader_rebalance_enable = true;
  std::chrono::seconds leader_imbalance_check_interval{300};

  // Logs
  Millis log_retention_check_interval{300'000};
  Millis log_flush_offset_checkpoint_interval{60'000};
  Millis log_flush_start_offset_checkpoint_interval{60'000};
  std::int32_t num_recovery_threads_per_data_dir = 2;
  bool log_cleaner_enable = true;
  std::int64_t log_cleaner_dedupe_buffer_size = 134217728;
  Millis log_cleaner_backoff{15'000};
  Millis producer_id_expiration{86'400'000};

  // Replication
  Millis replica_lag_time_max{30'000};
  std::int32_t replica_fetch_max_bytes = 1048576;
  std::int32_t replica_fetch_min_bytes = 1;
  std::int32_t replica_fetch_response_max_bytes = 10485760;
  Millis replica_fetch_wait_max{500};
  Millis replica_fetch_backoff{1000};
  Millis replica_high_watermark_checkpoint_interval{5000};

  // Quorum and controller
  Millis broker_heartbeat_interval{2000};
  Millis broker_session_timeout{9000};
  Millis quorum_election_timeout{1000};
  Millis initial_broker_registration_timeout{60'000};
  bool controlled_shutdown_enable = true;

  // Groups and offsets
  Millis group_initial_rebalance_delay{3000};
  Millis group_min_session_timeout{6000};
  Millis group_max_session_timeout{1'800'000};
  std::int32_t group_max_size = 2147483647;
  std::int32_t offset_metadata_max_bytes = 4096;
  std::chrono::minutes offsets_retention{10080};
  Millis offsets_retention_check_interval{600'000};
  std::int32_t offsets_topic_num_partitions = 50;
  std::int16_t offsets_topic_replication_factor = 3;
  std::int32_t offsets_topic_segment_bytes = 104857600;

  // Transactions
  std::int32_t transaction_state_log_num_partitions = 50;
  std::int16_t transaction_state_log_replication_factor = 3;
  std::int32_t transaction_state_log_min_isr = 2;
  std::int32_t transaction_state_log_segment_bytes = 104857600;
  Millis transaction_max_timeout{900'000};
  Millis transactional_id_expiration{604'800'000};

  // Ours
  Durability durability = Durability::kFsync;  // thalweg.durable.acks
  std::int32_t shards = 0;                     // thalweg.shards; 0: one per core
  bool validate_records = true;                // thalweg.validate.records

  // Everything that was set, by its known name, normalised; what DescribeConfigs calls static broker config. Unknown
  // options are in it as they were written: plug-ins and clients of the file may know them.
  Properties properties;
};

struct Loaded {
  BrokerConfig config;
  std::vector<std::string> warnings;  // unknown options, each with the nearest known name; ignored old ones
};

// Reads a whole configuration. All mistakes come at once, a line each, in the error's message: values that are not
// valid and options that contradict each other. Unknown options do not stop a server, as in Kafka; they come as
// warnings.
Result<Loaded> load_broker_config(const Properties& given);

}  // namespace thalweg::config
