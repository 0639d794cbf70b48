#include "broker/broker.h"

#include <algorithm>

#include "base/log.h"
#include "broker/broker_session.h"
#include "config/describe.h"
#include "controller/features.h"
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
#include "runtime/gather.h"
#include "storage/data_directory.h"
#include "storage/log_config_options.h"

namespace thalweg::broker {
namespace {

constexpr Instant kStopWithin = std::chrono::seconds(10);
constexpr std::string_view kMetadataFolder = "__cluster_metadata";

storage::LogManagerConfig log_manager_config(const config::BrokerConfig& config) {
  return {.log_dirs = config.log_dirs,
          .node_id = config.node_id,
          .retention_check_interval = config.log_retention_check_interval,
          .checkpoint_interval = config.log_flush_offset_checkpoint_interval,
          .start_offset_checkpoint_interval = config.log_flush_start_offset_checkpoint_interval,
          .producer_id_expiration = config.producer_id_expiration,
          .sync_every_append = config.durability == config::Durability::kFsync};
}

network::ServerOptions server_options(const config::BrokerConfig& config, std::size_t shards,
                                      network::ConnectionLimits* limits) {
  network::ServerOptions options;
  options.request_size_max = std::size_t(config.socket_request_max_bytes);
  options.idle_max = config.connections_max_idle;
  if (config.queued_max_request_bytes > 0)
    options.in_flight_bytes = std::max<std::size_t>(1, std::size_t(config.queued_max_request_bytes) / shards);
  options.limits = limits;
  return options;
}

// Only what somebody has asked for: Kafka's defaults are far below what the kernel would choose.
ListenOptions listen_options(const config::BrokerConfig& config) {
  const auto asked = [&](const char* option, int value) {
    return config.properties.contains(option) && value >= 0 ? std::optional(value) : std::nullopt;
  };
  return {.backlog = asked("socket.listen.backlog.size", config.socket_listen_backlog_size),
          .send_buffer = asked("socket.send.buffer.bytes", config.socket_send_buffer_bytes),
          .receive_buffer = asked("socket.receive.buffer.bytes", config.socket_receive_buffer_bytes)};
}

// Nothing where nothing is limited: then no connection has to be counted on another shard.
std::optional<network::ConnectionLimits::Bounds> connection_bounds(const config::BrokerConfig& config) {
  const auto& overrides = config.max_connections_per_ip_overrides;
  const auto least =
      std::min({config.max_connections, config.max_connections_per_ip, config.max_connection_creation_rate});
  if (least == INT32_MAX && overrides.empty()) return std::nullopt;
  return network::ConnectionLimits::Bounds{.total = std::size_t(config.max_connections),
                                           .per_ip = std::size_t(config.max_connections_per_ip),
                                           .of_ip = {overrides.begin(), overrides.end()},
                                           .rate = config.max_connection_creation_rate};
}

}  // namespace

Broker::Broker(std::vector<const Shard*> shards, config::BrokerConfig config)
    : config_(std::move(config)), producer_ids_(*this) {
  CHECK(!shards.empty());
  for (const Shard* shard : shards)
    shards_.push_back(std::make_unique<BrokerShard>(*shard, *this, unsigned(shards.size())));
  servers_.resize(shards_.size());
  if (auto bounds = connection_bounds(config_))
    limits_ = std::make_unique<network::ConnectionLimits>(shard0(), *std::move(bounds));
  groups_ = std::make_unique<GroupCoordinator>(*this);
  logs_ = std::make_unique<storage::LogManager>(shards, log_manager_config(config_));
}

Broker::~Broker() = default;

BrokerShard& Broker::owner_of(const replica::PartitionKey& key) const {
  return *shards_[(std::hash<Uuid>()(key.topic_id) + std::size_t(key.partition.value)) % shards_.size()];
}

storage::LogConfig Broker::log_config(const metadata::Image& image, const std::string& topic) const {
  using metadata::ResourceType;
  const config::BrokerLayers layers{image.configs({ResourceType::kBroker, std::to_string(config_.node_id.value)}),
                                    image.configs({ResourceType::kBroker, ""}), config_.properties};
  return storage::log_config(config::effective_topic_config(image.topic_configs(topic), layers));
}

void Broker::topic_deleted(const metadata::Topic& topic) {
  log::info("topic deleted", field("topic", topic.name), field("id", topic.id));
  groups_->topic_deleted(topic.name);
}

Task<Result<>> Broker::start() {
  const Instant begun = shard0().clock.now();
  CO_TRY(const std::string cluster_id, identity());
  CO_TRY_VOID(co_await logs_->start(cluster_id));
  CO_TRY_VOID(listen());
  CO_TRY_VOID(co_await start_quorum(cluster_id));
  CO_TRY_VOID(co_await register_with_controller());
  co_await groups_->start();
  set_aside_foreign_logs();
  for (std::size_t i = 0; i < shards_.size(); ++i) co_await shards_[i]->shard.call(*this, &Broker::serve_on, i);
  log::info("broker started", field("node", config_.node_id), field("cluster", cluster_id),
            field("shards", shards_.size()), field("topics", publisher_->current_image()->topics().size()),
            field("milliseconds", std::chrono::duration_cast<Millis>(shard0().clock.now() - begun).count()));
  co_return Result<>();
}

// The cluster's id is the one in the data, the configured one, or a new one, in this order.
Result<std::string> Broker::identity() {
  auto& disk = shard0().disk;
  for (const auto& directory : config_.log_dirs) {
    const std::string path = directory + "/meta.properties";
    if (!disk.exists(path)) continue;
    TRY(const SharedBytes text, disk.read_file(path));
    TRY(const auto meta, storage::parse_meta_properties(text.text()));
    if (!meta.cluster_id.empty()) return meta.cluster_id;
  }
  if (const auto configured = config_.properties.find("thalweg.cluster.id"); configured != config_.properties.end())
    return configured->second;
  return to_string(Uuid::from_random(shard0().random.next(), shard0().random.next()));
}

Task<Result<>> Broker::start_quorum(std::string cluster_id) {
  publisher_ = std::make_unique<MetadataPublisher>(shard0(), *this, std::move(cluster_id));
  raft::QuorumOptions options;
  options.metadata_log_dir = config_.metadata_log_dir;
  options.self = config_.node_id;
  options.voters = {config_.node_id};
  options.election_timeout = config_.quorum_election_timeout;
  quorum_ = std::make_unique<raft::Quorum>(shard0(), options, *publisher_, nullptr);
  CO_TRY_VOID(co_await quorum_->start());
  controller_ = std::make_unique<ControllerService>(shard0(), config_, *quorum_, *publisher_);
  publisher_->start();
  controller_->start();
  const Instant deadline = shard0().clock.now() + config_.initial_broker_registration_timeout;
  if (!co_await controller_->until_active(deadline))
    co_return fail(ErrorCode::kNotController, "the metadata quorum elected no leader in time");
  co_return Result<>();
}

Task<Result<>> Broker::register_with_controller() {
  protocol::BrokerRegistrationRequest request;
  request.broker_id = config_.node_id;
  request.cluster_id = publisher_->current_image()->cluster_id();
  request.incarnation_id = Uuid::from_random(shard0().random.next(), shard0().random.next());
  request.rack = config_.rack;
  request.log_dirs = logs_->directory_ids();
  for (const auto& advertised : config_.advertised_listeners) {
    protocol::BrokerRegistrationRequest::Listener listener;
    listener.name = advertised.name;
    listener.host = advertised.host;
    listener.port = advertised.port;
    listener.security_protocol = static_cast<std::int16_t>(advertised.protocol);
    request.listeners.push_back(std::move(listener));
  }
  for (const auto& supported : controller::supported_features()) {
    protocol::BrokerRegistrationRequest::Feature feature;
    feature.name = supported.name;
    feature.min_supported_version = supported.min;
    feature.max_supported_version = supported.max;
    request.features.push_back(std::move(feature));
  }
  CO_TRY(const auto registered, co_await controller_->handle<protocol::BrokerRegistrationResponse>(request, 4));
  if (registered.error_code != ErrorCode::kNone)
    co_return fail(registered.error_code, "the controller refused this broker's registration");
  broker_epoch_ = registered.broker_epoch;
  CO_TRY_VOID(co_await heartbeat());
  beat();
  co_return Result<>();
}

Task<Result<>> Broker::heartbeat() {
  protocol::BrokerHeartbeatRequest request;
  request.broker_id = config_.node_id;
  request.broker_epoch = broker_epoch_;
  request.current_metadata_offset = publisher_->published().value();
  request.want_fence = false;
  CO_TRY(const auto response, co_await controller_->handle<protocol::BrokerHeartbeatResponse>(request, 1));
  if (response.error_code != ErrorCode::kNone)
    co_return fail(response.error_code, "the controller refused a heartbeat");
  co_return Result<>();
}

// Keeps the session with the controller alive.
void Broker::beat() {
  heartbeat_ = shard0().clock.call_at(shard0().clock.now() + config_.broker_heartbeat_interval,
                                      [this] { spawn(shard0(), beat_once()); });
}

Task<> Broker::beat_once() {
  if (auto sent = co_await heartbeat(); !sent) log::warn("heartbeat failed", field("error", sent.error()));
  if (!stopping_) beat();
}

// Binds on every shard, so that a port that is taken is reported before anything else is done with it. Connections are
// accepted once the broker serves.
Result<> Broker::listen() {
  for (auto& listener : config_.listeners) {
    const bool for_controllers =
        std::ranges::find(config_.controller_listeners, listener.name) != config_.controller_listeners.end();
    if (for_controllers) continue;  // the controller is reached inside the process
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      TRY(auto bound, shards_[i]->shard.network.listen({listener.host, listener.port}, listen_options(config_)));
      if (i == 0) {
        for (auto& advertised : config_.advertised_listeners)
          if (advertised.name == listener.name && advertised.port == 0) advertised.port = bound->local().port;
        listener.port = bound->local().port;
        bound_.push_back(bound->local());
      }
      waiting_.push_back({i, listener.name, std::move(bound)});
    }
    const auto told = std::ranges::find(config_.advertised_listeners, listener.name, &config::Listener::name);
    log::info("listening", field("listener", to_string(listener)),
              field("advertised", told == config_.advertised_listeners.end() ? "no" : to_string(*told)));
  }
  if (waiting_.empty()) return fail(ErrorCode::kInvalidConfig, "listeners names no listener for clients");
  return {};
}

void Broker::serve_on(std::size_t index) {
  auto& here = *shards_[index];
  auto& server = servers_[index];
  server = std::make_unique<network::Server>(
      here.shard, server_options(config_, shards_.size(), limits_.get()),
      [&here](const network::ConnectionInfo& connection) { return std::make_unique<BrokerSession>(here, connection); });
  for (auto& listener : waiting_)
    if (listener.shard == index) server->serve(std::move(listener.listener), listener.name);
}

namespace {

// Whether the cluster has this very partition here. A folder that does not tell its topic's id counts by its name: it
// may be the damaged one that an operator has yet to mend.
bool has_partition(const metadata::Image& image, const storage::UnopenedLog& log, BrokerId self) {
  const auto topic = image.topic(log.partition.topic);
  if (!topic || (topic->id != log.topic_id && log.topic_id != Uuid{})) return false;
  const auto* partition = topic->partition(log.partition.partition);
  return partition && std::ranges::find(partition->replicas, self) != partition->replicas.end();
}

}  // namespace

// Folders of partitions that the cluster no longer has here. They are kept, under another name, for an operator to
// judge. What could not be opened is none of them: it stays in its place, or the next start would begin it anew.
void Broker::set_aside_foreign_logs() {
  const auto image = publisher_->current_image();
  for (const auto& log : logs_->unopened()) {
    if (log.partition.topic == kMetadataFolder || has_partition(*image, log, config_.node_id)) continue;
    log::warn("log belongs to no partition of this broker, setting it aside", field("partition", log.partition),
              field("directory", log.directory));
    if (auto moved = logs_->set_aside(log.partition); !moved)
      log::error("log could not be set aside", field("error", moved.error()));
  }
}

// All at once, or clients of the first would come back to the second.
Task<> Broker::stop_servers(Instant deadline) {
  std::vector<Task<bool>> stopping;
  for (std::size_t i = 0; i < servers_.size(); ++i)
    if (servers_[i]) stopping.push_back(shards_[i]->shard.call(*servers_[i], &network::Server::stop, deadline));
  const auto stopped = co_await gather(std::move(stopping));
  if (std::ranges::count(stopped, false) > 0) log::warn("requests are left unanswered: the time to stop is over");
}

Task<> Broker::stop() {
  stopping_ = true;
  heartbeat_.reset();
  co_await groups_->stop();  // who waits in a rebalance is answered, or the servers could not finish
  for (auto& shard : shards_) co_await shard->shard.call(*shard, &BrokerShard::begin_stop);
  co_await stop_servers(shard0().clock.now() + kStopWithin);
  if (controller_) controller_->stop();
  if (publisher_) co_await publisher_->stop();
  for (auto& shard : shards_) co_await shard->shard.call(shard->partitions, &replica::Partitions::stop_all);
  if (quorum_) co_await quorum_->stop();
  if (auto stopped = co_await logs_->stop(); !stopped)
    log::error("logs were not closed cleanly; the next start recovers them", field("error", stopped.error()));
  log::info("broker stopped", field("node", config_.node_id));
}

}  // namespace thalweg::broker
