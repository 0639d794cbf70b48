#include "metadata/image.h"

#include <algorithm>

namespace thalweg::metadata {
namespace {

template <class Map, class Key>
auto* find(const Map& map, const Key& key) {
  const auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

bool same_topics(const TopicsSection& a, const TopicsSection& b) {
  return &a == &b || std::ranges::equal(a.by_name, b.by_name, [](const auto& x, const auto& y) {
    return x.second == y.second || *x.second == *y.second;
  });
}

protocol::RegisterControllerRecord registration(const Controller& controller) {
  protocol::RegisterControllerRecord record;
  record.controller_id = controller.id;
  record.incarnation_id = controller.incarnation;
  for (const auto& e : controller.endpoints)
    record.end_points.push_back({e.listener, e.host, e.port, e.security_protocol});
  for (const auto& [name, range] : controller.features) record.features.push_back({name, range.min, range.max});
  return record;
}

protocol::PartitionRecord partition_record(Uuid topic_id, PartitionId id, const Partition& partition) {
  protocol::PartitionRecord record;
  record.partition_id = id;
  record.topic_id = topic_id;
  record.replicas = partition.replicas;
  record.isr = partition.isr;
  record.removing_replicas = partition.removing_replicas;
  record.adding_replicas = partition.adding_replicas;
  record.leader = partition.leader;
  record.leader_recovery_state = static_cast<std::int8_t>(partition.leader_recovery);
  record.leader_epoch = partition.leader_epoch;
  record.partition_epoch = partition.partition_epoch;
  record.directories = partition.directories;
  if (!partition.eligible_leader_replicas.empty()) record.eligible_leader_replicas = partition.eligible_leader_replicas;
  if (!partition.last_known_elr.empty()) record.last_known_elr = partition.last_known_elr;
  return record;
}

void add_topics(std::vector<Record>& records, const TopicsSection& topics) {
  for (const auto& [name, topic] : topics.by_name) {
    protocol::TopicRecord record;
    record.name = name;
    record.topic_id = topic->id;
    records.emplace_back(std::move(record));
    for (std::size_t i = 0; i < topic->partitions.size(); ++i)
      records.emplace_back(
          partition_record(topic->id, PartitionId{static_cast<std::int32_t>(i)}, topic->partitions[i]));
  }
}

void add_configs(std::vector<Record>& records, const ConfigsSection& configs) {
  for (const auto& [resource, properties] : configs)
    for (const auto& [name, value] : properties) {
      protocol::ConfigRecord record;
      record.resource_type = static_cast<std::int8_t>(resource.type);
      record.resource_name = resource.name;
      record.name = name;
      record.value = value;
      records.emplace_back(std::move(record));
    }
}

void add_quotas(std::vector<Record>& records, const QuotasSection& quotas) {
  for (const auto& [entity, values] : quotas)
    for (const auto& [key, value] : values) {
      protocol::ClientQuotaRecord record;
      for (const auto& [type, name] : entity) record.entity.push_back({type, name});
      record.key = key;
      record.value = value;
      records.emplace_back(std::move(record));
    }
}

}  // namespace

protocol::RegisterBrokerRecord record_of(const Broker& broker) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = broker.id;
  record.incarnation_id = broker.incarnation;
  record.broker_epoch = broker.epoch;
  for (const auto& e : broker.endpoints) record.end_points.push_back({e.listener, e.host, e.port, e.security_protocol});
  for (const auto& [name, range] : broker.features) record.features.push_back({name, range.min, range.max});
  record.rack = broker.rack;
  record.fenced = broker.fenced;
  record.in_controlled_shutdown = broker.in_controlled_shutdown;
  record.log_dirs = broker.log_dirs;
  if (!broker.cordoned_log_dirs.empty()) record.cordoned_log_dirs = broker.cordoned_log_dirs;
  return record;
}

const Endpoint* Broker::endpoint(std::string_view listener) const {
  const auto it = std::ranges::find(endpoints, listener, &Endpoint::listener);
  return it == endpoints.end() ? nullptr : &*it;
}

bool Broker::has_online(Uuid directory) const {
  if (directory == kDirectoryUnassigned || directory == kDirectoryMigrating) return true;
  if (directory == kDirectoryLost) return false;
  return log_dirs.empty() || std::ranges::find(log_dirs, directory) != log_dirs.end();
}

Uuid Partition::directory(BrokerId replica) const {
  const auto at = static_cast<std::size_t>(std::ranges::find(replicas, replica) - replicas.begin());
  return at < directories.size() ? directories[at] : kDirectoryUnassigned;
}

const Partition* Topic::partition(PartitionId id) const {
  if (id.value < 0 || static_cast<std::size_t>(id.value) >= partitions.size()) return nullptr;
  return &partitions[static_cast<std::size_t>(id.value)];
}

Image::Image(std::string cluster_id)
    : cluster_id_(std::move(cluster_id)),
      brokers_(std::make_shared<BrokersSection>()),
      controllers_(std::make_shared<ControllersSection>()),
      topics_(std::make_shared<TopicsSection>()),
      configs_(std::make_shared<ConfigsSection>()),
      features_(std::make_shared<FeaturesSection>()),
      quotas_(std::make_shared<QuotasSection>()),
      security_(std::make_shared<SecuritySection>()) {}

const Broker* Image::broker(BrokerId id) const { return find(*brokers_, id); }

TopicPtr Image::topic(std::string_view name) const {
  const auto* topic = find(topics_->by_name, name);
  return topic ? *topic : nullptr;
}

TopicPtr Image::topic(Uuid id) const {
  const auto* topic = find(topics_->by_id, id);
  return topic ? *topic : nullptr;
}

const Partition* Image::partition(std::string_view topic, PartitionId id) const {
  const auto* found = find(topics_->by_name, topic);
  return found ? (*found)->partition(id) : nullptr;
}

const config::Properties& Image::configs(const ConfigResource& resource) const {
  static const config::Properties kNone;
  const auto* properties = find(*configs_, resource);
  return properties ? *properties : kNone;
}

const config::Properties& Image::topic_configs(std::string_view topic) const {
  return configs({ResourceType::kTopic, std::string(topic)});
}

std::int16_t Image::feature(std::string_view name) const {
  const auto* level = find(*features_, std::string(name));
  return level ? *level : std::int16_t{0};
}

std::vector<Record> Image::snapshot() const {
  std::vector<Record> records;
  for (const auto& [name, level] : *features_) {
    protocol::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    records.emplace_back(std::move(record));
  }
  for (const auto& [id, broker] : *brokers_) records.emplace_back(record_of(broker));
  for (const auto& [id, controller] : *controllers_) records.emplace_back(registration(controller));
  add_topics(records, *topics_);
  add_configs(records, *configs_);
  add_quotas(records, *quotas_);
  for (const auto& [id, acl] : security_->acls) records.emplace_back(acl);
  for (const auto& [key, credential] : security_->scram) records.emplace_back(credential);
  for (const auto& [id, token] : security_->tokens) records.emplace_back(token);
  if (next_producer_id_.value > 0) {
    protocol::ProducerIdsRecord record;
    record.next_producer_id = next_producer_id_;
    records.emplace_back(record);
  }
  return records;
}

bool operator==(const Image& a, const Image& b) {
  const auto same = [](const auto& x, const auto& y) { return x == y || *x == *y; };
  return a.cluster_id_ == b.cluster_id_ && same(a.brokers_, b.brokers_) && same(a.controllers_, b.controllers_) &&
         same_topics(*a.topics_, *b.topics_) && same(a.configs_, b.configs_) && same(a.features_, b.features_) &&
         same(a.quotas_, b.quotas_) && a.security_->acls == b.security_->acls &&
         a.security_->scram == b.security_->scram && a.security_->tokens == b.security_->tokens &&
         a.next_producer_id_ == b.next_producer_id_;
}

}  // namespace thalweg::metadata
