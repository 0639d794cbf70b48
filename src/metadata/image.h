// What the cluster is: brokers, topics, partitions, configs and the rest, as a value that never changes. Every shard
// holds a shared_ptr<const Image> and reads without locks; a newer one arrives as a message and replaces it whole.
//
// An Image is the result of applying records in order and of nothing else: equal logs give equal images. Sections that
// a batch of records did not touch are shared between the old image and the new one, and so is every untouched topic.
// Everything here is ordered, so that iterating is deterministic.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"
#include "config/option.h"
#include "metadata/record.h"

namespace thalweg::metadata {

struct Endpoint {
  std::string listener;  // "PLAINTEXT", the listener's name
  std::string host;
  std::uint16_t port = 0;
  std::int16_t security_protocol = 0;  // 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct FeatureRange {
  std::int16_t min = 0, max = 0;
  friend bool operator==(const FeatureRange&, const FeatureRange&) = default;
};

// A broker's registration. Fenced brokers lead nothing and are not shown to clients.
struct Broker {
  BrokerId id{kNoBroker};
  std::int64_t epoch = -1;
  Uuid incarnation;
  std::vector<Endpoint> endpoints;
  std::map<std::string, FeatureRange> features;
  std::optional<std::string> rack;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  std::vector<Uuid> log_dirs;
  std::vector<Uuid> cordoned_log_dirs;

  // May lead, and may be given new replicas.
  bool active() const { return !fenced && !in_controlled_shutdown; }
  // Whether a replica in this directory can be read and written: one that is not known to be gone. A broker that named
  // none, and a replica whose directory is not known yet, count as online; so does Kafka.
  bool has_online(Uuid directory) const;
  const Endpoint* endpoint(std::string_view listener) const;
  friend bool operator==(const Broker&, const Broker&) = default;
};
// The whole of it, as a record: who reads it knows this registration and no older one.
protocol::RegisterBrokerRecord record_of(const Broker& broker);

// Reserved ids of log directories: Kafka's for "from before there were ids", "not known yet" and "lost".
inline constexpr Uuid kDirectoryMigrating{0, 0};
inline constexpr Uuid kDirectoryUnassigned{0, 1};
inline constexpr Uuid kDirectoryLost{0, 2};

// A node that may lead the metadata quorum, as it said itself: where it is reached, and what it understands.
struct Controller {
  BrokerId id{kNoBroker};
  Uuid incarnation;
  std::vector<Endpoint> endpoints;
  std::map<std::string, FeatureRange> features;
  friend bool operator==(const Controller&, const Controller&) = default;
};

enum class LeaderRecovery : std::int8_t { kRecovered = 0, kRecovering = 1 };

struct Partition {
  std::vector<BrokerId> replicas;  // the first is the preferred leader
  std::vector<BrokerId> isr;
  std::vector<BrokerId> removing_replicas;
  std::vector<BrokerId> adding_replicas;
  std::vector<BrokerId> eligible_leader_replicas;
  std::vector<BrokerId> last_known_elr;
  std::vector<Uuid> directories;  // of the replica at the same index
  BrokerId leader{kNoBroker};
  LeaderEpoch leader_epoch{-1};
  std::int32_t partition_epoch = -1;
  LeaderRecovery leader_recovery = LeaderRecovery::kRecovered;

  bool reassigning() const { return !removing_replicas.empty() || !adding_replicas.empty(); }
  // Of a replica; kDirectoryUnassigned when it has none, or is none.
  Uuid directory(BrokerId replica) const;
  friend bool operator==(const Partition&, const Partition&) = default;
};

struct Topic {
  std::string name;
  Uuid id;
  std::vector<Partition> partitions;  // dense: the index is the partition's id

  const Partition* partition(PartitionId id) const;
  friend bool operator==(const Topic&, const Topic&) = default;
};
using TopicPtr = std::shared_ptr<const Topic>;

// The numbers are Kafka's ConfigResource types.
enum class ResourceType : std::int8_t {
  kUnknown = 0,
  kTopic = 2,
  kBroker = 4,  // name "" is the default for all brokers
  kBrokerLogger = 8,
  kClientMetrics = 16,
  kGroup = 32,
};

struct ConfigResource {
  ResourceType type = ResourceType::kUnknown;
  std::string name;
  friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

// Who a quota is for: entity type ("user", "client-id", "ip") to name; no name is the default entity.
using QuotaEntity = std::map<std::string, std::optional<std::string>>;

struct ScramKey {
  std::string user;
  std::int8_t mechanism = 0;  // 1 SCRAM-SHA-256, 2 SCRAM-SHA-512
  friend auto operator<=>(const ScramKey&, const ScramKey&) = default;
};

// The sections. Each is shared between images until a record touches it.
struct TopicsSection {
  std::map<std::string, TopicPtr, std::less<>> by_name;
  std::map<Uuid, TopicPtr> by_id;
};
struct SecuritySection {
  std::map<Uuid, protocol::AccessControlEntryRecord> acls;
  std::map<ScramKey, protocol::UserScramCredentialRecord> scram;
  std::map<std::string, protocol::DelegationTokenRecord> tokens;
};
using BrokersSection = std::map<BrokerId, Broker>;
using ControllersSection = std::map<BrokerId, Controller>;
using ConfigsSection = std::map<ConfigResource, config::Properties>;
using QuotasSection = std::map<QuotaEntity, std::map<std::string, double>>;
using FeaturesSection = std::map<std::string, std::int16_t>;

// How transactions are spoken. 1: the coordinator's records may have tagged fields. 2 (KIP-890, "TV2"): partitions are
// added to a transaction by the write itself (Produce 12, TxnOffsetCommit 5), and each end raises the producer's epoch.
// Clients choose by what ApiVersions says is finalized. Source: TransactionVersion.
inline constexpr std::string_view kTransactionVersion = "transaction.version";

class Image {
 public:
  explicit Image(std::string cluster_id = {});

  const std::string& cluster_id() const { return cluster_id_; }
  // Which state of the log this is: the index of the last applied entry and its term (the controller epoch). -1 if
  // none.
  std::int64_t index() const { return index_; }
  std::int64_t term() const { return term_; }

  const Broker* broker(BrokerId id) const;
  const BrokersSection& brokers() const { return *brokers_; }
  const ControllersSection& controllers() const { return *controllers_; }

  TopicPtr topic(std::string_view name) const;
  TopicPtr topic(Uuid id) const;
  const std::map<std::string, TopicPtr, std::less<>>& topics() const { return topics_->by_name; }
  const std::map<Uuid, TopicPtr>& topics_by_id() const { return topics_->by_id; }
  // Nullptr if the topic or the partition is not there.
  const Partition* partition(std::string_view topic, PartitionId id) const;

  // What was set for a resource; empty if nothing was.
  const config::Properties& configs(const ConfigResource& resource) const;
  const config::Properties& topic_configs(std::string_view topic) const;
  const ConfigsSection& all_configs() const { return *configs_; }

  // The finalized level; 0 when not finalized.
  std::int16_t feature(std::string_view name) const;
  // See kTransactionVersion; 0 where nobody has finalized it.
  std::int16_t transaction_version() const { return feature(kTransactionVersion); }
  const FeaturesSection& features() const { return *features_; }

  // The first producer id that no broker has been given.
  ProducerId next_producer_id() const { return next_producer_id_; }
  const QuotasSection& quotas() const { return *quotas_; }
  const SecuritySection& security() const { return *security_; }

  // The records that make this image from an empty one, in an order in which each can be applied.
  std::vector<Record> snapshot() const;
  // Equal content; the position is not compared.
  friend bool operator==(const Image& a, const Image& b);

 private:
  friend class ImageBuilder;

  std::string cluster_id_;
  std::int64_t index_ = -1;
  std::int64_t term_ = -1;
  std::shared_ptr<const BrokersSection> brokers_;
  std::shared_ptr<const ControllersSection> controllers_;
  std::shared_ptr<const TopicsSection> topics_;
  std::shared_ptr<const ConfigsSection> configs_;
  std::shared_ptr<const FeaturesSection> features_;
  std::shared_ptr<const QuotasSection> quotas_;
  std::shared_ptr<const SecuritySection> security_;
  ProducerId next_producer_id_{0};
};
using ImagePtr = std::shared_ptr<const Image>;

}  // namespace thalweg::metadata
