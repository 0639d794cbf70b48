// A broker: everything it is made of, constructed in order, started and stopped.
//
// Owner: shard 0; what lies on other shards is reached through shards(). The controller, the metadata quorum, the log
// manager and the producer ids live on shard 0; partitions, connections, groups and fetch sessions are spread over all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/broker_config.h"
#include "runtime/shard.h"
#include "runtime/task.h"

// What it is made of is named here and read where it is used: most handlers need little of it.
namespace thalweg {
class MetricsSnapshot;
}
namespace thalweg::metadata {
class Image;
struct Topic;
}  // namespace thalweg::metadata
namespace thalweg::network {
class ConnectionLimits;
class LargeFrames;
class Server;
}  // namespace thalweg::network
namespace thalweg::raft {
class Quorum;
}
namespace thalweg::replica {
struct PartitionKey;
}
namespace thalweg::storage {
class LogManager;
struct LogConfig;
}  // namespace thalweg::storage

namespace thalweg::broker {

class BrokerLifecycle;
class BrokerLocalState;
class BrokerShard;
struct ControllersView;
class ControllerLink;
class ControllerService;
class Forwarding;
class DirectoryAssignments;
class DirectoryMoves;
class GroupCoordinator;
class MetadataPublisher;
class PeerChannels;
class NetworkControllerLink;
class ProducerIds;
class RegistryDoor;
class TransactionVerifier;

class Replication;

enum class Open : std::uint8_t;

class Broker {
 public:
  // The shards outlive the broker. REQUIRES: at least one.
  Broker(std::vector<const Shard*> shards, config::BrokerConfig config);
  ~Broker();
  Broker(const Broker&) = delete;

  // The image of this metadata index, which somebody above has seen before this process was started, is put by as the
  // log is replayed: MetadataPublisher::take_put_by(). Before start().
  void put_by(Offset metadata_index) { put_by_ = metadata_index; }
  // Opens the data, replays the metadata, registers with the controller and listens; serving when it returns. A node
  // that is only a controller (process.roles) registers nothing and serves what controllers do. On shard 0.
  Task<Result<>> start();
  // Ends a start() that waits for other nodes: it fails. On shard 0.
  void abandon_start();
  // Answers what is under way, closes every log and leaves clean-stop markers. On shard 0.
  Task<> stop();

  // What it was started with; does not change.
  const config::BrokerConfig& config() const { return config_; }
  const std::vector<std::unique_ptr<BrokerShard>>& shards() const { return shards_; }
  const Shard& shard0() const;
  // Which shard a partition lives on: neighbours lie on different ones.
  BrokerShard& owner_of(const replica::PartitionKey& key) const;

  raft::Quorum& quorum() { return *quorum_; }
  MetadataPublisher& publisher() { return *publisher_; }
  storage::LogManager& logs() { return *logs_; }
  ProducerIds& producer_ids() { return *producer_ids_; }
  GroupCoordinator& groups() { return *groups_; }
  // Of whichever node leads, and of this one.
  ControllerLink& controller() { return *controller_link_; }
  ControllerLink& controller_here() { return *controller_here_; }
  // Passes clients' requests on to the first.
  Forwarding& forwarding() { return *forwarding_; }
  DirectoryAssignments& directory_assignments() { return *directory_assignments_; }
  Replication& replication() { return *replication_; }
  DirectoryMoves& directory_moves() { return *directory_moves_; }
  // How other nodes reach the schema registry above this broker, on shard 0.
  RegistryDoor& registry_door() { return *registry_door_; }
  // To other nodes, from shard 0.
  PeerChannels& peers() { return *peers_; }
  // Asks the coordinators of transactions on other nodes, from shard 0; see transaction_questions.h.
  TransactionVerifier& transaction_verifier() { return *transaction_verifier_; }
  std::int64_t broker_epoch() const;
  // The nodes that may be the controller, as reached over the listener; on shard 0.
  ControllersView controllers(std::string listener) const;
  // The ports that were bound, in the order of config().listeners; differs from it where that says 0.
  const std::vector<Endpoint>& bound() const { return bound_; }

  // What is counted on all shards, and what can be looked at, of this moment. On shard 0; no shard is held up for it.
  // REQUIRES: it is serving
  Task<MetricsSnapshot> collect_metrics();

  storage::LogConfig log_config(const metadata::Image& image, const std::string& topic) const;
  // The settings of brokers in `image` are in force from now on. Whoever follows an option that changes at run time is
  // told here; topics, which inherit most of them, by the publisher: it is told whether they have to be. On shard 0.
  bool follow(const metadata::Image& image);
  void topic_deleted(const metadata::Topic& topic);

 private:
  Result<std::string> identity();
  Task<Result<>> start_quorum(std::string cluster_id);
  Task<Result<>> join_quorum();
  void link_controllers(const std::string& cluster_id);
  Task<Result<>> start_as_broker(std::int64_t claimed_epoch);
  void watch_peers();
  void begin_life(std::int64_t claimed_epoch);
  Task<Result<>> registered_as(std::int64_t epoch);
  Result<> listen();
  Task<Result<std::string>> take_part(std::string cluster_id, bool is_new, bool was_registered);
  Task<> open_for(Open open);
  void open_on(std::size_t shard, Open open);
  Task<> leave();
  Task<> stop_servers();
  void deserted();
  void set_aside_foreign_logs();

  struct Waiting;

  struct Followed;
  struct Membership;

  config::BrokerConfig config_;
  std::optional<Offset> put_by_;
  std::unique_ptr<Followed> followed_;
  std::vector<std::unique_ptr<BrokerShard>> shards_;
  std::unique_ptr<storage::LogManager> logs_;
  std::unique_ptr<BrokerLocalState> local_state_;
  std::unique_ptr<MetadataPublisher> publisher_;
  std::unique_ptr<Membership> member_;  // null before start()
  std::unique_ptr<raft::Quorum> quorum_;
  std::unique_ptr<ControllerService> controller_;
  std::unique_ptr<PeerChannels> peers_;
  std::unique_ptr<ControllerLink> controller_here_;
  std::unique_ptr<NetworkControllerLink> controller_elsewhere_;
  std::unique_ptr<ControllerLink> controller_link_;
  std::unique_ptr<Forwarding> forwarding_;
  std::unique_ptr<Replication> replication_;
  std::unique_ptr<DirectoryAssignments> directory_assignments_;
  std::unique_ptr<DirectoryMoves> directory_moves_;
  std::unique_ptr<BrokerLifecycle> lifecycle_;
  std::unique_ptr<ProducerIds> producer_ids_;
  std::unique_ptr<GroupCoordinator> groups_;
  std::unique_ptr<RegistryDoor> registry_door_;
  std::unique_ptr<TransactionVerifier> transaction_verifier_;
  std::unique_ptr<network::ConnectionLimits> limits_;
  std::unique_ptr<network::LargeFrames> large_frames_;
  std::vector<std::unique_ptr<network::Server>> servers_;  // one a shard, used there
  std::vector<Waiting> waiting_;
  std::vector<Endpoint> bound_;
};

}  // namespace thalweg::broker
