#include "metadata/image_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace thalweg::metadata {
namespace {

std::unexpected<Error> contradiction(std::string what) {
  return fail(ErrorCode::kUnknownServerError, "the metadata log contradicts itself: " + what);
}

// The private copy of a section, made when first needed; the image points to it from then on.
template <class Section>
Section& mine(std::shared_ptr<Section>& own, std::shared_ptr<const Section>& in_image) {
  if (!own) {
    own = std::make_shared<Section>(*in_image);
    in_image = own;
  }
  return *own;
}

Partition from_record(const protocol::PartitionRecord& record) {
  Partition partition{.replicas = record.replicas,
                      .isr = record.isr,
                      .removing_replicas = record.removing_replicas,
                      .adding_replicas = record.adding_replicas,
                      .directories = record.directories,
                      .leader = record.leader,
                      .leader_epoch = record.leader_epoch,
                      .partition_epoch = record.partition_epoch,
                      .leader_recovery = static_cast<LeaderRecovery>(record.leader_recovery_state)};
  partition.eligible_leader_replicas = record.eligible_leader_replicas.value_or(std::vector<BrokerId>());
  partition.last_known_elr = record.last_known_elr.value_or(std::vector<BrokerId>());
  return partition;
}

// The field "leader" left out says that nobody was elected, not even the same leader again.
constexpr BrokerId kLeaderUnchanged{-2};

}  // namespace

Broker broker_from(const protocol::RegisterBrokerRecord& record) {
  Broker broker{.id = record.broker_id, .epoch = record.broker_epoch, .incarnation = record.incarnation_id};
  for (const auto& e : record.end_points) broker.endpoints.push_back({e.name, e.host, e.port, e.security_protocol});
  for (const auto& f : record.features)
    broker.features[f.name] = FeatureRange{.min = f.min_supported_version, .max = f.max_supported_version};
  broker.rack = record.rack;
  broker.fenced = record.fenced;
  broker.in_controlled_shutdown = record.in_controlled_shutdown;
  broker.log_dirs = record.log_dirs;
  broker.cordoned_log_dirs = record.cordoned_log_dirs.value_or(std::vector<Uuid>());
  return broker;
}

Controller controller_from(const protocol::RegisterControllerRecord& record) {
  Controller controller{.id = record.controller_id, .incarnation = record.incarnation_id};
  for (const auto& e : record.end_points) controller.endpoints.push_back({e.name, e.host, e.port, e.security_protocol});
  for (const auto& f : record.features)
    controller.features[f.name] = FeatureRange{.min = f.min_supported_version, .max = f.max_supported_version};
  return controller;
}

void apply_change(Partition& partition, const protocol::PartitionChangeRecord& record) {
  const auto set = [](auto& field, const auto& value) {
    if (value) field = *value;
  };
  set(partition.isr, record.isr);
  set(partition.replicas, record.replicas);
  set(partition.removing_replicas, record.removing_replicas);
  set(partition.adding_replicas, record.adding_replicas);
  set(partition.directories, record.directories);
  set(partition.eligible_leader_replicas, record.eligible_leader_replicas);
  set(partition.last_known_elr, record.last_known_elr);
  if (record.leader_recovery_state >= 0)
    partition.leader_recovery = static_cast<LeaderRecovery>(record.leader_recovery_state);
  if (record.leader != kLeaderUnchanged) {
    partition.leader = record.leader;
    ++partition.leader_epoch.value;
  }
  ++partition.partition_epoch;
}

bool Delta::empty() const {
  return brokers.empty() && partitions.empty() && topics_created.empty() && topics_deleted.empty() && configs.empty() &&
         !controllers && !features && !quotas && !acls && !scram && !tokens && !producer_ids;
}

ImageBuilder::ImageBuilder(ImagePtr base) : image_(*base) {}

Result<> ImageBuilder::apply(const Record& record) {
  pinned_.reset();
  return std::visit([this](const auto& r) { return on(r); }, record);
}

Result<> ImageBuilder::apply(const std::vector<Record>& records) {
  for (const auto& record : records) TRY_VOID(apply(record));
  return {};
}

Result<> ImageBuilder::apply(std::int64_t index, std::int64_t term, const std::vector<Record>& records) {
  TRY_VOID(apply(records));
  pinned_.reset();
  image_.index_ = index;
  image_.term_ = term;
  return {};
}

ImagePtr ImageBuilder::pin() {
  if (pinned_) return pinned_;
  // What is given out is shared from now on: the next change makes copies again.
  brokers_.reset();
  controllers_.reset();
  topics_.reset();
  configs_.reset();
  features_.reset();
  quotas_.reset();
  security_.reset();
  own_topics_.clear();
  pinned_ = std::make_shared<const Image>(image_);
  return pinned_;
}

Built ImageBuilder::build() { return {pin(), std::exchange(delta_, {})}; }

Result<Broker*> ImageBuilder::registered(BrokerId id, std::int64_t epoch) {
  auto& brokers = mine(brokers_, image_.brokers_);
  const auto it = brokers.find(id);
  if (it == brokers.end()) return contradiction(fmt::format("broker {} is not registered", id.value));
  if (it->second.epoch != epoch)
    return contradiction(fmt::format("broker {} has epoch {}, not {}", id.value, it->second.epoch, epoch));
  delta_.brokers.insert(id);
  return &it->second;
}

Topic* ImageBuilder::topic_for_change(Uuid id) {
  if (const auto own = own_topics_.find(id); own != own_topics_.end()) return own->second.get();
  auto& topics = mine(topics_, image_.topics_);
  const auto it = topics.by_id.find(id);
  if (it == topics.by_id.end()) return nullptr;
  auto copy = std::make_shared<Topic>(*it->second);
  it->second = copy;
  topics.by_name[copy->name] = copy;
  return own_topics_.emplace(id, std::move(copy)).first->second.get();
}

Result<> ImageBuilder::on(const protocol::RegisterBrokerRecord& record) {
  mine(brokers_, image_.brokers_).insert_or_assign(record.broker_id, broker_from(record));
  delta_.brokers.insert(record.broker_id);
  return {};
}

Result<> ImageBuilder::on(const protocol::UnregisterBrokerRecord& record) {
  TRY(auto* broker, registered(record.broker_id, record.broker_epoch));
  brokers_->erase(broker->id);
  return {};
}

Result<> ImageBuilder::on(const protocol::FenceBrokerRecord& record) {
  TRY(auto* broker, registered(record.id, record.epoch));
  broker->fenced = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::UnfenceBrokerRecord& record) {
  TRY(auto* broker, registered(record.id, record.epoch));
  broker->fenced = false;
  return {};
}

Result<> ImageBuilder::on(const protocol::BrokerRegistrationChangeRecord& record) {
  TRY(auto* broker, registered(record.broker_id, record.broker_epoch));
  if (record.fenced != 0) broker->fenced = record.fenced > 0;  // 1 fences, -1 unfences, 0 leaves
  if (record.in_controlled_shutdown != 0) broker->in_controlled_shutdown = record.in_controlled_shutdown > 0;
  if (!record.log_dirs.empty()) broker->log_dirs = record.log_dirs;
  if (record.cordoned_log_dirs) broker->cordoned_log_dirs = *record.cordoned_log_dirs;
  return {};
}

Result<> ImageBuilder::on(const protocol::TopicRecord& record) {
  auto& topics = mine(topics_, image_.topics_);
  if (topics.by_name.contains(record.name)) return contradiction(fmt::format("topic {} exists", record.name));
  if (topics.by_id.contains(record.topic_id))
    return contradiction(fmt::format("topic id {} exists", to_string(record.topic_id)));
  auto topic = std::make_shared<Topic>(Topic{.name = record.name, .id = record.topic_id});
  topics.by_name.emplace(record.name, topic);
  topics.by_id.emplace(record.topic_id, topic);
  own_topics_.emplace(record.topic_id, std::move(topic));
  delta_.topics_created.emplace(record.topic_id, record.name);
  return {};
}

Result<> ImageBuilder::on(const protocol::PartitionRecord& record) {
  Topic* topic = topic_for_change(record.topic_id);
  if (!topic) return contradiction(fmt::format("a partition of an unknown topic {}", to_string(record.topic_id)));
  const auto index = static_cast<std::size_t>(record.partition_id.value);
  if (record.partition_id.value < 0 || index > topic->partitions.size())
    return contradiction(fmt::format("partition {} of {} leaves a gap", record.partition_id.value, topic->name));
  if (index == topic->partitions.size()) topic->partitions.emplace_back();
  topic->partitions[index] = from_record(record);
  delta_.partitions.insert({record.topic_id, record.partition_id});
  return {};
}

Result<> ImageBuilder::on(const protocol::PartitionChangeRecord& record) {
  Topic* topic = topic_for_change(record.topic_id);
  if (!topic || !topic->partition(record.partition_id))
    return contradiction(fmt::format("a change of the unknown partition {} of {}", record.partition_id.value,
                                     to_string(record.topic_id)));
  apply_change(topic->partitions[static_cast<std::size_t>(record.partition_id.value)], record);
  delta_.partitions.insert({record.topic_id, record.partition_id});
  return {};
}

Result<> ImageBuilder::on(const protocol::RemoveTopicRecord& record) {
  auto& topics = mine(topics_, image_.topics_);
  const auto it = topics.by_id.find(record.topic_id);
  if (it == topics.by_id.end())
    return contradiction(fmt::format("the removal of an unknown topic {}", to_string(record.topic_id)));
  const TopicPtr topic = it->second;
  topics.by_id.erase(it);
  topics.by_name.erase(topic->name);
  own_topics_.erase(record.topic_id);
  const auto& changed = delta_.partitions;
  delta_.partitions.erase(changed.lower_bound({record.topic_id, PartitionId{INT32_MIN}}),
                          changed.upper_bound({record.topic_id, PartitionId{INT32_MAX}}));
  // Made and removed between two builds: nobody has to act.
  if (delta_.topics_created.erase(record.topic_id) == 0) delta_.topics_deleted.emplace(record.topic_id, topic);
  const ConfigResource resource{ResourceType::kTopic, topic->name};
  if (image_.configs_->contains(resource)) {
    mine(configs_, image_.configs_).erase(resource);
    delta_.configs.insert(resource);
  }
  return {};
}

Result<> ImageBuilder::on(const protocol::ConfigRecord& record) {
  auto& configs = mine(configs_, image_.configs_);
  const ConfigResource resource{static_cast<ResourceType>(record.resource_type), record.resource_name};
  delta_.configs.insert(resource);
  if (record.value) {
    configs[resource].insert_or_assign(record.name, *record.value);
  } else if (const auto it = configs.find(resource); it != configs.end()) {
    it->second.erase(record.name);
    if (it->second.empty()) configs.erase(it);
  }
  return {};
}

Result<> ImageBuilder::on(const protocol::FeatureLevelRecord& record) {
  auto& features = mine(features_, image_.features_);
  if (record.feature_level == 0)
    features.erase(record.name);
  else
    features.insert_or_assign(record.name, record.feature_level);
  delta_.features = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::ClientQuotaRecord& record) {
  QuotaEntity entity;
  for (const auto& part : record.entity) entity.emplace(part.entity_type, part.entity_name);
  auto& quotas = mine(quotas_, image_.quotas_);
  delta_.quotas = true;
  if (!record.remove) {
    quotas[entity].insert_or_assign(record.key, record.value);
  } else if (const auto it = quotas.find(entity); it != quotas.end()) {
    it->second.erase(record.key);
    if (it->second.empty()) quotas.erase(it);
  }
  return {};
}

Result<> ImageBuilder::on(const protocol::ProducerIdsRecord& record) {
  if (record.next_producer_id < image_.next_producer_id_)
    return contradiction(fmt::format("producer ids go back from {} to {}", image_.next_producer_id_.value,
                                     record.next_producer_id.value));
  image_.next_producer_id_ = record.next_producer_id;
  delta_.producer_ids = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::AccessControlEntryRecord& record) {
  mine(security_, image_.security_).acls.insert_or_assign(record.id, record);
  delta_.acls = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::RemoveAccessControlEntryRecord& record) {
  mine(security_, image_.security_).acls.erase(record.id);
  delta_.acls = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::UserScramCredentialRecord& record) {
  mine(security_, image_.security_).scram.insert_or_assign(ScramKey{record.name, record.mechanism}, record);
  delta_.scram = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::RemoveUserScramCredentialRecord& record) {
  mine(security_, image_.security_).scram.erase(ScramKey{record.name, record.mechanism});
  delta_.scram = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::DelegationTokenRecord& record) {
  mine(security_, image_.security_).tokens.insert_or_assign(record.token_id, record);
  delta_.tokens = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::RemoveDelegationTokenRecord& record) {
  mine(security_, image_.security_).tokens.erase(record.token_id);
  delta_.tokens = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::RegisterControllerRecord& record) {
  mine(controllers_, image_.controllers_).insert_or_assign(record.controller_id, controller_from(record));
  delta_.controllers = true;
  return {};
}

Result<> ImageBuilder::on(const protocol::UnregisterControllerRecord& record) {
  if (mine(controllers_, image_.controllers_).erase(record.controller_id) == 0)
    return contradiction(fmt::format("controller {} is not registered", record.controller_id.value));
  delta_.controllers = true;
  return {};
}

// Of every topic when it names none. Apache Kafka writes it where min.insync.replicas changes; we write what changes
// for each partition instead, since a partition without anybody in sync must keep who is eligible.
Result<> ImageBuilder::on(const protocol::ClearElrRecord& record) {
  if (!record.topic_name.empty()) {
    const auto topic = image_.topic(record.topic_name);
    if (!topic) return contradiction(fmt::format("who is eligible to lead an unknown topic {}", record.topic_name));
    clear_eligible(topic->id);
    return {};
  }
  std::vector<Uuid> ids;
  for (const auto& [id, topic] : image_.topics_by_id()) ids.push_back(id);
  for (const auto id : ids) clear_eligible(id);
  return {};
}

void ImageBuilder::clear_eligible(Uuid id) {
  const auto concerned = [](const Partition& partition) {
    return !partition.eligible_leader_replicas.empty() || !partition.last_known_elr.empty();
  };
  if (std::ranges::none_of(image_.topic(id)->partitions, concerned)) return;
  auto& partitions = topic_for_change(id)->partitions;
  protocol::PartitionChangeRecord none;
  none.eligible_leader_replicas.emplace();
  none.last_known_elr.emplace();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (!concerned(partitions[i])) continue;
    apply_change(partitions[i], none);
    delta_.partitions.insert({id, PartitionId{static_cast<std::int32_t>(i)}});
  }
}

Result<> ImageBuilder::on(const protocol::NoOpRecord&) { return {}; }

}  // namespace thalweg::metadata
