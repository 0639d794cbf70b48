#include "config/broker_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <type_traits>

#include "base/check.h"
#include "config/not_served.h"

namespace thalweg::config {
namespace {

// Reads typed values, and gathers every mistake instead of stopping at the first.
class Reader {
 public:
  explicit Reader(const Properties& given) : given_(given) {}

  bool has(std::string_view name) const { return given_.contains(name); }
  void report(std::string problem) { problems_.push_back(std::move(problem)); }
  const std::vector<std::string>& problems() const { return problems_; }

  // The value given, else the default; nothing when there is neither, or when it is not valid (which load() reports).
  std::optional<Value> value(std::string_view name) const {
    const Option* option = broker_options().find(name);
    CHECK(option);
    const auto it = given_.find(name);
    if (it == given_.end() && option->default_value == kNull) return std::nullopt;
    auto parsed = parse(*option, it == given_.end() ? option->default_value : it->second);
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
  }
  std::string text(std::string_view name) const {
    const auto v = value(name);
    return v ? to_string(*v) : std::string();
  }

  // Into a field of whatever type it has; fields keep their default when there is no valid value.
  template <class T>
  void read(std::string_view name, T& field) const {
    const auto v = value(name);
    if (!v) return;
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> ||
                  std::is_same_v<T, std::vector<std::string>>)
      field = std::get<T>(*v);
    else if constexpr (std::is_same_v<T, std::optional<std::string>>)
      field = std::get<std::string>(*v);
    else if constexpr (std::is_integral_v<T>)
      field = static_cast<T>(std::get<std::int64_t>(*v));
    else if constexpr (requires { field.value; })
      field.value = static_cast<typename T::rep>(std::get<std::int64_t>(*v));
    else
      field = T(std::get<std::int64_t>(*v));  // a duration
  }

  // A value with a syntax of its own; a mistake is reported under the option's name.
  template <class T>
  std::optional<T> take(std::string_view name, Result<T> parsed) {
    if (parsed) return *std::move(parsed);
    report(fmt::format("{}: {}", name, parsed.error().message));
    return std::nullopt;
  }

 private:
  const Properties& given_;
  std::vector<std::string> problems_;
};

void read_identity(Reader& in, BrokerConfig& config) {
  in.read("node.id", config.node_id);
  if (!in.has("node.id") && in.has("broker.id")) in.read("broker.id", config.node_id);
  if (in.has("node.id") && in.has("broker.id") && in.text("node.id") != in.text("broker.id"))
    in.report("node.id and broker.id contradict each other: they are two names of one setting");
  if (config.node_id.value < 0) in.report("node.id: must be 0 or greater");
  std::vector<std::string> roles;
  in.read("process.roles", roles);
  if (!roles.empty()) {
    config.is_broker = std::ranges::find(roles, "broker") != roles.end();
    config.is_controller = std::ranges::find(roles, "controller") != roles.end();
  }
  in.read("broker.rack", config.rack);
  in.read(in.has("log.dirs") ? "log.dirs" : "log.dir", config.log_dirs);
  if (config.log_dirs.empty()) {
    in.report("log.dirs: at least one directory is needed");
  } else {
    config.metadata_log_dir = config.log_dirs.front();
  }
  in.read("metadata.log.dir", config.metadata_log_dir);
}

ProtocolMap protocol_map(Reader& in, const std::vector<std::string>& controller_listeners) {
  auto map = in.take("listener.security.protocol.map", parse_protocol_map(in.text("listener.security.protocol.map")))
                 .value_or(ProtocolMap());
  // Controller listeners speak plaintext unless something else is said.
  if (!in.has("listener.security.protocol.map"))
    for (const auto& name : controller_listeners) map.try_emplace(name, SecurityProtocol::kPlaintext);
  return map;
}

bool is_controller_listener(const BrokerConfig& config, std::string_view name) {
  return std::ranges::find(config.controller_listeners, name) != config.controller_listeners.end();
}

void read_advertised(Reader& in, BrokerConfig& config, const ProtocolMap& map) {
  config.advertised_listeners = config.listeners;
  if (in.has("advertised.listeners"))
    config.advertised_listeners = in.take("advertised.listeners", parse_listeners(in.text("advertised.listeners"), map))
                                      .value_or(config.listeners);
  for (const auto& listener : config.advertised_listeners) {
    const bool bound = std::ranges::find(config.listeners, listener.name, &Listener::name) != config.listeners.end();
    if (!bound) in.report(fmt::format("advertised.listeners: {} is not one of listeners", listener.name));
    if (in.has("advertised.listeners") && listener.host == "0.0.0.0")
      in.report("advertised.listeners: 0.0.0.0 is no address that a client can reach");
  }
  std::erase_if(config.advertised_listeners, [&](const auto& l) { return is_controller_listener(config, l.name); });
}

void read_inter_broker(Reader& in, BrokerConfig& config) {
  if (in.has("inter.broker.listener.name") && in.has("security.inter.broker.protocol"))
    in.report("inter.broker.listener.name and security.inter.broker.protocol contradict each other: set one of them");
  config.inter_broker_listener = in.has("inter.broker.listener.name") ? in.text("inter.broker.listener.name")
                                                                      : in.text("security.inter.broker.protocol");
  const auto& advertised = config.advertised_listeners;
  if (!config.is_broker || advertised.empty()) return;
  const bool known = std::ranges::find(advertised, config.inter_broker_listener, &Listener::name) != advertised.end();
  if (known) return;
  if (in.has("inter.broker.listener.name") || in.has("security.inter.broker.protocol"))
    in.report(fmt::format("inter.broker.listener.name: {} is not one of the advertised listeners",
                          config.inter_broker_listener));
  else
    config.inter_broker_listener = advertised.front().name;
}

void read_listeners(Reader& in, BrokerConfig& config) {
  in.read("controller.listener.names", config.controller_listeners);
  for (auto& name : config.controller_listeners)
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto map = protocol_map(in, config.controller_listeners);
  config.listeners = in.take("listeners", parse_listeners(in.text("listeners"), map)).value_or(std::vector<Listener>());
  if (const auto ports = check_distinct_ports(config.listeners); !ports)
    in.report("listeners: " + ports.error().message);
  if (config.is_controller)
    for (const auto& name : config.controller_listeners)
      if (std::ranges::find(config.listeners, name, &Listener::name) == config.listeners.end())
        in.report(fmt::format("controller.listener.names: {} is not one of listeners", name));
  read_advertised(in, config, map);
  read_inter_broker(in, config);
  config.quorum_voters = in.take("controller.quorum.voters", parse_voters(in.text("controller.quorum.voters")))
                             .value_or(std::vector<Voter>());
  in.read("controller.quorum.bootstrap.servers", config.quorum_bootstrap_servers);
}

void read_connections(Reader& in, BrokerConfig& c) {
  in.read("socket.request.max.bytes", c.socket_request_max_bytes);
  in.read("socket.send.buffer.bytes", c.socket_send_buffer_bytes);
  in.read("socket.receive.buffer.bytes", c.socket_receive_buffer_bytes);
  in.read("socket.listen.backlog.size", c.socket_listen_backlog_size);
  in.read("max.connections", c.max_connections);
  in.read("max.connections.per.ip", c.max_connections_per_ip);
  c.max_connections_per_ip_overrides =
      in.take("max.connections.per.ip.overrides", parse_address_limits(in.text("max.connections.per.ip.overrides")))
          .value_or(std::map<std::string, std::int32_t>());
  in.read("max.connection.creation.rate", c.max_connection_creation_rate);
  in.read("connections.max.idle.ms", c.connections_max_idle);
  in.read("request.timeout.ms", c.request_timeout);
  in.read("queued.max.request.bytes", c.queued_max_request_bytes);
  in.read("fetch.max.bytes", c.fetch_max_bytes);
  in.read("max.incremental.fetch.session.cache.slots", c.max_incremental_fetch_session_cache_slots);
}

void read_topics_and_logs(Reader& in, BrokerConfig& c) {
  in.read("num.partitions", c.num_partitions);
  in.read("default.replication.factor", c.default_replication_factor);
  in.read("min.insync.replicas", c.min_insync_replicas);
  in.read("message.max.bytes", c.message_max_bytes);
  in.read("auto.create.topics.enable", c.auto_create_topics_enable);
  in.read("delete.topic.enable", c.delete_topic_enable);
  in.read("unclean.leader.election.enable", c.unclean_leader_election_enable);
  in.read("auto.leader.rebalance.enable", c.auto_leader_rebalance_enable);
  in.read("leader.imbalance.check.interval.seconds", c.leader_imbalance_check_interval);
  in.read("log.retention.check.interval.ms", c.log_retention_check_interval);
  in.read("log.flush.offset.checkpoint.interval.ms", c.log_flush_offset_checkpoint_interval);
  in.read("log.flush.start.offset.checkpoint.interval.ms", c.log_flush_start_offset_checkpoint_interval);
  in.read("num.recovery.threads.per.data.dir", c.num_recovery_threads_per_data_dir);
  in.read("log.cleaner.enable", c.log_cleaner_enable);
  in.read("log.cleaner.dedupe.buffer.size", c.log_cleaner_dedupe_buffer_size);
  in.read("log.cleaner.backoff.ms", c.log_cleaner_backoff);
  in.read("producer.id.expiration.ms", c.producer_id_expiration);
}

void read_cluster(Reader& in, BrokerConfig& c) {
  in.read("replica.lag.time.max.ms", c.replica_lag_time_max);
  in.read("replica.fetch.max.bytes", c.replica_fetch_max_bytes);
  in.read("replica.fetch.min.bytes", c.replica_fetch_min_bytes);
  in.read("replica.fetch.response.max.bytes", c.replica_fetch_response_max_bytes);
  in.read("replica.fetch.wait.max.ms", c.replica_fetch_wait_max);
  in.read("replica.fetch.backoff.ms", c.replica_fetch_backoff);
  in.read("replica.high.watermark.checkpoint.interval.ms", c.replica_high_watermark_checkpoint_interval);
  in.read("broker.heartbeat.interval.ms", c.broker_heartbeat_interval);
  in.read("broker.session.timeout.ms", c.broker_session_timeout);
  in.read("controller.quorum.election.timeout.ms", c.quorum_election_timeout);
  in.read("initial.broker.registration.timeout.ms", c.initial_broker_registration_timeout);
  in.read("controlled.shutdown.enable", c.controlled_shutdown_enable);
}

void read_coordinators(Reader& in, BrokerConfig& c) {
  in.read("group.initial.rebalance.delay.ms", c.group_initial_rebalance_delay);
  in.read("group.min.session.timeout.ms", c.group_min_session_timeout);
  in.read("group.max.session.timeout.ms", c.group_max_session_timeout);
  in.read("group.max.size", c.group_max_size);
  in.read("offset.metadata.max.bytes", c.offset_metadata_max_bytes);
  in.read("offsets.retention.minutes", c.offsets_retention);
  in.read("offsets.retention.check.interval.ms", c.offsets_retention_check_interval);
  in.read("offsets.topic.num.partitions", c.offsets_topic_num_partitions);
  in.read("offsets.topic.replication.factor", c.offsets_topic_replication_factor);
  in.read("offsets.topic.segment.bytes", c.offsets_topic_segment_bytes);
  in.read("transaction.state.log.num.partitions", c.transaction_state_log_num_partitions);
  in.read("transaction.state.log.replication.factor", c.transaction_state_log_replication_factor);
  in.read("transaction.state.log.min.isr", c.transaction_state_log_min_isr);
  in.read("transaction.state.log.segment.bytes", c.transaction_state_log_segment_bytes);
  in.read("transaction.max.timeout.ms", c.transaction_max_timeout);
  in.read("transactional.id.expiration.ms", c.transactional_id_expiration);
}

void read_ours(Reader& in, BrokerConfig& c) {
  if (in.text("thalweg.durable.acks") == "memory") c.durability = Durability::kMemory;
  in.read("thalweg.shards", c.shards);
  in.read("thalweg.validate.records", c.validate_records);
}

// Pairs whose first must not exceed the second.
constexpr std::pair<std::string_view, std::string_view> kOrdered[] = {
    {"broker.heartbeat.interval.ms", "broker.session.timeout.ms"},
    {"delegation.token.expiry.time.ms", "delegation.token.max.lifetime.ms"},
    {"group.consumer.heartbeat.interval.ms", "group.consumer.session.timeout.ms"},
    {"group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"group.min.session.timeout.ms", "group.max.session.timeout.ms"},
    {"group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"},
    {"message.max.bytes", "socket.request.max.bytes"},
    {"replica.fetch.wait.max.ms", "replica.lag.time.max.ms"},
    {"socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"},
};

void check_order(Reader& in) {
  for (const auto& [low, high] : kOrdered) {
    const auto a = in.value(low), b = in.value(high);
    if (a && b && std::get<std::int64_t>(*a) > std::get<std::int64_t>(*b))
      in.report(fmt::format("{}={} and {}={} contradict each other: the first must not be greater", low, to_string(*a),
                            high, to_string(*b)));
  }
}

void check_values(Reader& in, const Properties& given) {
  for (const auto& [name, text] : given) {
    const Option* option = broker_options().find(name);
    if (!option) continue;
    if (const auto parsed = parse(*option, text); !parsed) in.report(parsed.error().message);
  }
}

// Not options of the broker's own table, and yet no mistakes: of the authoriser, of plug-ins, of one listener.
bool known_elsewhere(std::string_view name) {
  if (name == "super.users" || name == "allow.everyone.if.no.acl.found") return true;
  if (name.starts_with("rlmm.config.") || name.starts_with("rsm.config.") || name.starts_with("config.providers."))
    return true;
  if (!name.starts_with("listener.name.")) return false;
  for (auto dot = name.find('.', 14); dot != name.npos; dot = name.find('.', dot + 1))
    if (broker_options().find(name.substr(dot + 1))) return true;
  return false;
}

std::vector<std::string> warnings_about(const Properties& given) {
  std::vector<std::string> warnings, zookeeper;
  for (const auto& [name, text] : given) {
    if (broker_options().find(name) || known_elsewhere(name)) continue;
    if (name.starts_with("zookeeper.")) {
      zookeeper.push_back(name);
      continue;
    }
    const auto nearest = broker_options().nearest(name);
    warnings.push_back(nearest ? fmt::format("unknown option {}; did you mean {}?", name, *nearest)
                               : fmt::format("unknown option {}", name));
  }
  if (!zookeeper.empty())
    warnings.push_back(fmt::format("ignored, there is no ZooKeeper here: {}", fmt::join(zookeeper, ", ")));
  return warnings;
}

Properties normalised(const Properties& given, const BrokerConfig& config) {
  Properties properties;
  for (const auto& [name, text] : given) {
    const Option* option = broker_options().find(name);
    properties.emplace(name, option ? canonical(*option, text) : text);
  }
  // Two names of one setting, shown under both.
  if (properties.contains("node.id") || properties.contains("broker.id"))
    properties["node.id"] = properties["broker.id"] = to_string(config.node_id);
  return properties;
}

}  // namespace

Result<Loaded> load_broker_config(const Properties& given) {
  Reader in(given);
  Loaded loaded;
  BrokerConfig& config = loaded.config;
  check_values(in, given);
  read_identity(in, config);
  read_listeners(in, config);
  read_connections(in, config);
  read_topics_and_logs(in, config);
  read_cluster(in, config);
  read_coordinators(in, config);
  read_ours(in, config);
  check_order(in);
  for (auto& problem : not_served(config, given)) in.report(std::move(problem));
  loaded.warnings = warnings_about(given);
  if (config.min_insync_replicas > config.default_replication_factor)
    loaded.warnings.push_back(
        fmt::format("min.insync.replicas={} is more than default.replication.factor={}: topics of the default "
                    "size refuse writes with acks=all",
                    config.min_insync_replicas, config.default_replication_factor));
  if (!in.problems().empty()) {
    auto lines = in.problems();
    for (const auto& warning : loaded.warnings) lines.push_back("(also) " + warning);
    return fail(ErrorCode::kInvalidConfig, fmt::format("{}", fmt::join(lines, "\n")));
  }
  config.properties = normalised(given, config);
  return loaded;
}

}  // namespace thalweg::config
