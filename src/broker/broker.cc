#include "broker/broker.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "broker/broker_epoch_files.h"
#include "broker/broker_lifecycle.h"
#include "broker/broker_membership.h"
#include "broker/broker_session.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/controller_service.h"
#include "broker/controller_target.h"
#include "broker/directory_assignments.h"
#include "broker/directory_moves.h"
#include "broker/forwarding.h"
#include "broker/founding_round.h"
#include "broker/group_coordinator.h"
#include "broker/leadership.h"
#include "broker/listener_role.h"
#include "broker/local_state.h"
#include "broker/memory_shares.h"
#include "broker/metadata_publisher.h"
#include "broker/peer_watch.h"
#include "broker/producer_ids.h"
#include "broker/quorum_listener.h"
#include "broker/quorum_participant.h"
#include "broker/quorum_session.h"
#include "broker/quorum_view.h"
#include "broker/registry_door.h"
#include "broker/replication.h"
#include "broker/transaction_coordinator.h"
#include "broker/transaction_questions.h"
#include "config/describe.h"
#include "config/quorum_options.h"
#include "network/large_frames.h"
#include "network/server.h"
#include "raft/quorum.h"
#include "runtime/gather.h"
#include "storage/data_directory.h"
#include "storage/log_config_options.h"
#include "storage/log_manager.h"

namespace thalweg::broker {
namespace {

constexpr Instant kAssignedWithin = std::chrono::seconds(2);
constexpr std::string_view kMetadataFolder = "__cluster_metadata";

storage::LogCleanerConfig log_cleaner_config(const config::BrokerConfig& config) {
  return {.enable = config.log_cleaner_enable,
          .threads = config.log_cleaner_threads,
          .dedupe_buffer_size = config.log_cleaner_dedupe_buffer_size,
          .load_factor = config.log_cleaner_load_factor,
          .io_buffer_size = config.log_cleaner_io_buffer_size,
          .bytes_per_second = config.log_cleaner_bytes_per_second,
          .backoff = config.log_cleaner_backoff};
}

storage::LogManagerConfig log_manager_config(const config::BrokerConfig& config) {
  return {.log_dirs = config.log_dirs,
          .node_id = config.node_id,
          .retention_check_interval = config.log_retention_check_interval,
          .checkpoint_interval = config.log_flush_offset_checkpoint_interval,
          .start_offset_checkpoint_interval = config.log_flush_start_offset_checkpoint_interval,
          .producer_id_expiration = config.producer_id_expiration,
          .sync_every_append = config.durability == config::Durability::kFsync,
          .cleaner = log_cleaner_config(config)};
}

// As of before this start: the marker of a clean stop is about to be removed.
std::vector<DirectoryFound> look_into_all(Disk& disk, const std::vector<std::string>& log_dirs) {
  std::vector<DirectoryFound> found;
  for (const auto& directory : log_dirs) found.push_back(look_into(disk, directory));
  return found;
}

std::vector<BrokerLifecycle::DamagedReplica> damaged_replicas(const storage::LogManager& logs) {
  std::map<Uuid, std::vector<PartitionId>> by_topic;
  for (const auto& log : logs.with_records_missing()) by_topic[log->topic_id()].push_back(log->partition().partition);
  std::vector<BrokerLifecycle::DamagedReplica> damaged;
  for (auto& [topic, partitions] : by_topic) damaged.push_back({topic, std::move(partitions)});
  return damaged;
}

using config::kLongestSpan;

network::ServerOptions server_options(const config::BrokerConfig& config, std::size_t shards,
                                      network::ConnectionLimits& limits, network::LargeFrames& large_frames) {
  network::ServerOptions options;
  options.request_size_max = std::size_t(config.socket_request_max_bytes);
  options.idle_max = config.connections_max_idle < Millis(0) ? kLongestSpan : config.connections_max_idle;
  options.limits = &limits;
  options.large_frames = &large_frames;
  options.large_from = memory_shares(config, shards).large_from;
  return options;
}

// Only what somebody has asked for: Kafka's defaults are far below what the kernel would choose.
ListenOptions listen_options(const config::BrokerConfig& config, std::string_view listener) {
  const auto asked = [&](const char* option, int value) {
    return config.properties.contains(option) && value >= 0 ? std::optional(value) : std::nullopt;
  };
  return {.backlog = asked("socket.listen.backlog.size", config.socket_listen_backlog_size),
          .send_buffer = asked("socket.send.buffer.bytes", config.socket_send_buffer_bytes),
          .receive_buffer = asked("socket.receive.buffer.bytes", config.socket_receive_buffer_bytes),
          .for_nodes = is_for_nodes(config, listener)};
}

network::ConnectionLimits::Bounds connection_bounds(const config::BrokerConfig& config) {
  const auto& overrides = config.max_connections_per_ip_overrides;
  return {.total = std::size_t(config.max_connections),
          .per_ip = std::size_t(config.max_connections_per_ip),
          .of_ip = {overrides.begin(), overrides.end()},
          .rate = config.max_connection_creation_rate};
}

DirectoryAssignments::Links assignment_links(Broker& broker) {
  return {.self = broker.config().node_id,
          .broker_epoch = [&broker] { return broker.broker_epoch(); },
          .ask =
              [&broker](protocol::AssignReplicasToDirsRequest request) {
                return broker.controller().ask_within<protocol::AssignReplicasToDirsResponse>(std::move(request), 0,
                                                                                              kAssignedWithin);
              }};
}

}  // namespace

// Bound, not yet accepting.
struct Broker::Waiting {
  std::size_t shard;
  std::string name;
  std::unique_ptr<Listener> listener;
};

// What follow() has seen: the settings of this broker and of all, and what topics without their own make of them.
struct Broker::Followed {
  config::Properties mine, everybodys;
  storage::LogConfig inherited;
};

Broker::Broker(std::vector<const Shard*> shards, config::BrokerConfig config)
    : config_(std::move(config)),
      local_state_(std::make_unique<BrokerLocalState>(*this)),
      producer_ids_(std::make_unique<ProducerIds>(*this)),
      limits_(std::make_unique<network::ConnectionLimits>(*shards.at(0), connection_bounds(config_))) {
  for (const Shard* shard : shards)
    shards_.push_back(std::make_unique<BrokerShard>(*shard, *this, unsigned(shards.size())));
  servers_.resize(shards_.size());
  large_frames_ =
      std::make_unique<network::LargeFrames>(shard0(), memory_shares(config_, shards_.size()).of_large_frames);
  groups_ = std::make_unique<GroupCoordinator>(*this);
  transactions_ = std::make_unique<TransactionCoordinator>(*this);
  registry_door_ = std::make_unique<RegistryDoor>();
  logs_ = std::make_unique<storage::LogManager>(shards, log_manager_config(config_));
  replication_ = std::make_unique<Replication>(*this);
  directory_moves_ = std::make_unique<DirectoryMoves>(*this, replication_->directory_throttle());
  followed_ = std::make_unique<Followed>(Followed{{}, {}, log_config(metadata::Image(), "")});
}

Broker::~Broker() = default;

const Shard& Broker::shard0() const { return shards_.front()->shard; }

std::int64_t Broker::broker_epoch() const { return lifecycle_ ? lifecycle_->epoch() : -1; }

ControllersView Broker::controllers(std::string listener) const {
  return controllers_of(*quorum_, config_.quorum_voters, listener);
}

BrokerShard& Broker::owner_of(const replica::PartitionKey& key) const {
  return *shards_[(std::hash<Uuid>()(key.topic_id) + std::size_t(key.partition.value)) % shards_.size()];
}

storage::LogConfig Broker::log_config(const metadata::Image& image, const std::string& topic) const {
  using metadata::ResourceType;
  const config::BrokerLayers layers{image.configs({ResourceType::kBroker, std::to_string(config_.node_id.value)}),
                                    image.configs({ResourceType::kBroker, ""}), config_.properties};
  return storage::log_config(config::effective_topic_config(image.topic_configs(topic), layers));
}

bool Broker::follow(const metadata::Image& image) {
  using metadata::ResourceType;
  const auto& mine = image.configs({ResourceType::kBroker, std::to_string(config_.node_id.value)});
  const auto& everybodys = image.configs({ResourceType::kBroker, ""});
  if (mine == followed_->mine && everybodys == followed_->everybodys) return false;  // another broker's have changed
  const auto now = config::in_force(config_, mine, everybodys);
  limits_->set_bounds(connection_bounds(now));
  logs_->set_producer_id_expiration(now.producer_id_expiration);
  logs_->follow_cleaner(log_cleaner_config(now));
  replication_->follow(now);
  for (auto& shard : shards_)
    shard->shard.post([here = shard.get(), verifies = now.transaction_partition_verification] {
      here->verifies_transactions = verifies;
    });
  const auto before = std::exchange(*followed_, Followed{mine, everybodys, log_config(image, "")});
  return followed_->inherited != before.inherited;
}

void Broker::topic_deleted(const metadata::Topic& topic) {
  log::debug("topic is gone from this broker", field("topic", topic.name), field("id", topic.id));
  groups_->topic_deleted(topic.name);
}

Task<Result<>> Broker::start() {
  const Instant begun = shard0().clock.now();
  CO_TRY_VOID(controller::check_levels_max(config_.feature_levels_max));
  CO_TRY(std::string cluster_id, identity());
  const bool is_new = cluster_id.empty();
  // Nobody else has a say in it, so it is written together with what identifies the directories.
  if (is_new && config::founds_alone(config_)) cluster_id = new_cluster_id(shard0(), config_);
  const auto found = look_into_all(shard0().disk, config_.log_dirs);
  CO_TRY_VOID(co_await logs_->start(cluster_id, directories_before(found)));
  logs_->set_image_may_be_old(true);
  CO_TRY_VOID(listen());
  CO_TRY(cluster_id, co_await take_part(cluster_id, is_new, was_registered(found)));
  CO_TRY_VOID(co_await start_quorum(cluster_id));
  std::vector<Task<Result<>>> rest;
  rest.push_back(join_quorum());
  // Of a quorum of several, a majority has to be heard before this one can serve.
  if (config::starts_among_others(config_) || quorum_->members().members().size() > 1) {
    CO_TRY_VOID(co_await std::move(rest.back()));
    rest.clear();
    co_await open_for(Open::kControllers);
  }
  if (config_.is_broker) rest.push_back(start_as_broker(claimed_epoch(found)));
  for (const auto& done : co_await gather(std::move(rest))) CO_TRY_VOID(done);
  co_await open_for(Open::kAll);
  log::info(config_.is_broker ? "broker started" : "controller started", field("node", config_.node_id),
            field("cluster", cluster_id), field("shards", shards_.size()),
            field("topics", publisher_->current_image()->topics().size()),
            field("milliseconds", std::chrono::duration_cast<Millis>(shard0().clock.now() - begun).count()));
  co_return Result<>();
}

Task<Result<>> Broker::start_as_broker(std::int64_t claimed_epoch) {
  begin_life(claimed_epoch);
  CO_TRY_VOID(co_await lifecycle_->start(logs_->directory_ids()));
  logs_->set_image_may_be_old(false);
  publisher_->try_again();
  co_await groups_->start();
  co_await transactions_->start();
  set_aside_foreign_logs();
  co_await directory_moves_->drop_foreign();
  co_return Result<>();
}

// Where there are others, they ask this one while it asks them, so the quorum's listener is opened first.
Task<Result<std::string>> Broker::take_part(std::string cluster_id, bool is_new, bool was_registered) {
  const auto metadata = std::ranges::find(config_.log_dirs, config_.metadata_log_dir);
  std::optional<Uuid> directory;
  if (metadata != config_.log_dirs.end())
    directory = logs_->directory_ids()[std::size_t(metadata - config_.log_dirs.begin())];
  const bool has_partitions =
      std::ranges::any_of(logs_->unopened(), [](const auto& log) { return log.partition.topic != kMetadataFolder; });
  member_ = std::make_unique<Membership>();
  member_->open.resize(shards_.size());
  auto& participant = member_->participant;
  participant = std::make_unique<QuorumParticipant>(shard0(), config_, shards_.front()->memory);
  CO_TRY_VOID(co_await participant->begin({.cluster_id = std::move(cluster_id),
                                           .directory = directory,
                                           .was_broker = !is_new && (was_registered || has_partitions)}));
  if (config::starts_among_others(config_)) co_await open_for(Open::kQuorum);
  CO_TRY_VOID(co_await participant->take_part([this](std::string id) { return logs_->join_cluster(std::move(id)); }));
  co_return participant->cluster_id();
}

void Broker::abandon_start() {
  if (member_) member_->participant->abandon();
}

// The cluster's id as the data has it. Where they have none it is empty until the cluster is founded or joined: one of
// its nodes makes it for all.
Result<std::string> Broker::identity() {
  auto& disk = shard0().disk;
  for (const auto& directory : config_.log_dirs) {
    const std::string path = directory + "/meta.properties";
    if (!disk.exists(path)) continue;
    TRY(const SharedBytes text, disk.read_file(path));
    // One that cannot be understood is refused with more words by the log manager.
    const auto meta = storage::parse_meta_properties(text.text());
    if (meta && !meta->cluster_id.empty()) return meta->cluster_id;
  }
  return std::string();
}

Task<Result<>> Broker::start_quorum(std::string cluster_id) {
  publisher_ = std::make_unique<MetadataPublisher>(shard0(), *local_state_, config_.node_id, cluster_id,
                                                   controller::supported_features(config_.feature_levels_max));
  if (put_by_) publisher_->put_by(*put_by_);
  auto& participant = *member_->participant;
  quorum_ = std::make_unique<raft::Quorum>(shard0(), participant.options(), *publisher_, &participant.transport());
  CO_TRY_VOID(co_await quorum_->start());
  if (!publisher_->health()) co_return std::unexpected(publisher_->health().error());
  controller_ = std::make_unique<ControllerService>(shard0(), config_, *quorum_, *publisher_);
  directory_assignments_ = std::make_unique<DirectoryAssignments>(shard0(), assignment_links(*this));
  co_await replication_->start();
  publisher_->start();
  controller_->start();
  link_controllers(cluster_id);
  watch_peers();
  co_return Result<>();
}

Task<Result<>> Broker::join_quorum() {
  auto& participant = *member_->participant;
  CO_TRY_VOID(co_await participant.remember_membership());
  participant.attach(*quorum_, [this](BrokerId node) { return publisher_->current_image()->broker(node) != nullptr; });
  co_return Result<>();
}

// After the controller's own: it leads when the watch asks it.
void Broker::watch_peers() {
  auto& participant = *member_->participant;
  auto& watch = *(member_->watch = std::make_unique<PeerWatch>(
                      shard0(), *quorum_, *publisher_, *controller_,
                      [&participant](raft::MemberId member) { return participant.address_of(member); }));
  participant.watch(watch);
  quorum_->on_leader_change([&watch](raft::Leadership) { watch.leader_changed(); });
}

// The controller is the leader's of the quorum: this node's own, or reached at the leader's endpoint.
void Broker::link_controllers(const std::string& cluster_id) {
  peers_ = std::make_unique<PeerChannels>(
      shard0(), PeerChannelsOptions{.client_id = "node-" + to_string(config_.node_id), .cluster_id = cluster_id});
  controller_here_ = std::make_unique<LocalControllerLink>(shard0(), *controller_);
  controller_elsewhere_ = std::make_unique<NetworkControllerLink>(shard0(), *peers_, [this] {
    return controller_target(quorum_->leader(), quorum_->members(), config_, *publisher_->current_image());
  });
  controller_link_ = std::make_unique<RoutedControllerLink>(shard0(), *controller_here_, *controller_elsewhere_,
                                                            [this] { return quorum_->is_leader(); });
  forwarding_ = std::make_unique<Forwarding>(shard0(), *controller_link_, *publisher_);
  transaction_verifier_ = std::make_unique<TransactionVerifier>(
      shard0(), verification_channel(*this), TransactionVerifier::Options{.timeout = config_.request_timeout});
  quorum_->on_leader_change([this](raft::Leadership) { controller_elsewhere_->leader_changed(); });
}

void Broker::begin_life(std::int64_t claimed_epoch) {
  lifecycle_ = std::make_unique<BrokerLifecycle>(shard0(), config_, *controller_link_, *publisher_);
  const auto everywhere = [this](auto&& tell) {
    for (auto& shard : shards_) shard->shard.post([here = shard.get(), tell] { tell(here->partitions); });
  };
  lifecycle_->of({.shards = shards_of(*this),
                  // A log that cannot be opened may have lost something.
                  .previous_epoch = [this, claimed_epoch] { return publisher_->nothing_lost() ? claimed_epoch : -1; },
                  .damaged = [this] { return damaged_replicas(*logs_); },
                  .damage_is_told = [this] { return logs_->told_missing(); },
                  .remember_epoch = [this](std::int64_t epoch) { return registered_as(epoch); },
                  .metadata_stands_still = [this] { return quorum_->disk_stands_still(); },
                  .isolated =
                      [everywhere](bool isolated) {
                        everywhere([isolated](replica::Partitions& led) { led.set_isolated(isolated); });
                      },
                  .sure_until =
                      [everywhere](Instant until) {
                        everywhere([until](replica::Partitions& led) { led.set_sure_until(until); });
                      }});
}

Task<Result<>> Broker::registered_as(std::int64_t epoch) {
  logs_->registered_as(epoch);
  for (auto& shard : shards_) shard->shard.post([here = shard.get(), epoch] { here->registered_epoch = epoch; });
  std::optional<EpochNote> note;
  if (config_.durability == config::Durability::kFsync) note = EpochNote{epoch, logs_->directory_ids()};
  co_return co_await remember_epoch(shard0().disk, config_.log_dirs, std::move(note));
}

// Binds on every shard, so that a port that is taken is reported before anything else is done with it. Connections are
// accepted once the broker serves.
Result<> Broker::listen() {
  for (auto& listener : config_.listeners) {
    // Those for controllers are of use to other nodes only, and of several the first is used.
    const bool for_controllers = role_of(config_, listener.name).asks_this_controller();
    if (for_controllers && listener.name != quorum_listener(config_)) continue;
    const Endpoint asked{listener.host, listener.port};  // with port 0, the shards after the first get the first one's
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      TRY(auto bound, shards_[i]->shard.network.listen(asked, listen_options(config_, listener.name)));
      if (i == 0) {
        for (auto* all : {&config_.advertised_listeners, &config_.advertised_controllers})
          for (auto& advertised : *all)
            if (advertised.name == listener.name && advertised.port == 0) advertised.port = bound->local().port;
        listener.port = bound->local().port;
        if (!for_controllers) bound_.push_back(bound->local());
      }
      waiting_.push_back({i, listener.name, std::move(bound)});
    }
    const auto told = std::ranges::find(config_.advertised_listeners, listener.name, &config::Listener::name);
    log::info("listening", field("listener", to_string(listener)),
              field("advertised", told == config_.advertised_listeners.end() ? "no" : to_string(*told)));
  }
  const bool any =
      std::ranges::any_of(waiting_, [this](const auto& one) { return role_of(config_, one.name).clients; });
  if (!any && config_.is_broker) return fail(ErrorCode::kInvalidConfig, "listeners names no listener for clients");
  return {};
}

// On every shard: the listeners that are of use by then accept from here on.
Task<> Broker::open_for(Open open) {
  for (std::size_t i = 0; i < shards_.size(); ++i) co_await shards_[i]->shard.call(*this, &Broker::open_on, i, open);
}

void Broker::open_on(std::size_t index, Open open) {
  auto& here = *shards_[index];
  auto& server = servers_[index];
  member_->open[index] = open;
  if (!server)
    server = std::make_unique<network::Server>(
        here.shard, server_options(config_, shards_.size(), *limits_, *large_frames_), here.memory,
        [this, &here, index](const network::ConnectionInfo& connection) -> std::unique_ptr<network::Session> {
          return std::make_unique<QuorumSession>(here, connection, connection.listener == quorum_listener(config_),
                                                 member_->open[index], member_->participant->receiver());
        });
  for (auto& listener : waiting_) {
    if (listener.shard != index || !listener.listener) continue;
    if (open != Open::kAll && listener.name != quorum_listener(config_)) continue;
    const auto whom =
        is_for_nodes(config_, listener.name) ? network::ListenerFor::kNodes : network::ListenerFor::kClients;
    server->serve(std::move(listener.listener), listener.name, whom);
  }
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

}  // namespace thalweg::broker
