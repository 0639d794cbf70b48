#include "broker/group_coordinator.h"

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "record/batch.h"
#include "record/hash.h"

namespace thalweg::broker {
namespace {

constexpr Instant kCommitTimeout = std::chrono::seconds(5);

group::GroupConfig group_config(const config::BrokerConfig& config, const storage::LogConfig& log) {
  const auto batch_max = std::int64_t(PartitionJournal::batch_bytes_max(log));
  return {
      .session_timeout_min = config.group_min_session_timeout,
      .session_timeout_max = config.group_max_session_timeout,
      .initial_rebalance_delay = config.group_initial_rebalance_delay,
      .size_max = config.group_max_size,
      .offset_metadata_length_max = static_cast<std::size_t>(config.offset_metadata_max_bytes),
      .offsets_retention = config.offsets_retention,
      .offsets_retention_check = config.offsets_retention_check_interval,
      .append_bytes_max = std::size_t(std::max(batch_max - std::int64_t(record::kBatchHeaderSize), std::int64_t(0)))};
}

}  // namespace

// ------------------------------------------------------------------------------------------------ one shard

void GroupShard::start() {
  started_ = true;
  for (const auto& [partition, host] : hosts_) host->lead();
}

void GroupShard::lead(PartitionId partition, replica::PartitionPtr led) {
  const std::string name = "group coordinator " + to_string(led->log().partition());
  auto new_machine = [this, led] {
    auto& random = shard_.random;
    return std::make_unique<group::GroupMachine>(group_config(config_, led->log().config()),
                                                 [&random] { return Uuid::from_random(random.next(), random.next()); });
  };
  auto& host = hosts_[partition];
  host = std::make_unique<Host>(shard_, std::make_shared<PartitionJournal>(std::move(led)), std::move(new_machine),
                                replicated::HostOptions{.name = name, .commit_timeout = kCommitTimeout});
  if (started_) host->lead();
}

void GroupShard::topic_deleted(std::string topic) {
  for (const auto& [partition, host] : hosts_) spawn(shard_, forget_topic(partition, topic));
}

Task<> GroupShard::forget_topic(PartitionId partition, std::string topic) {
  const auto done = co_await handle<group::Done>(partition, group::TopicsDeleted{{topic}}, group::RequestContext{});
  // Retention takes them later; until then a topic of the same name finds positions that are not its own.
  if (!done)
    log::warn("offsets of a deleted topic could not be forgotten", field("topic", topic), field("error", done.error()));
}

// ------------------------------------------------------------------------------------------------ all shards

GroupCoordinator::GroupCoordinator(Broker& broker) : broker_(broker) {
  for (const auto& shard : broker.shards()) {
    auto& mine = shards_.emplace_back(std::make_unique<GroupShard>(shard->shard, broker.config()));
    shards_to_call_.push_back(&shard->shard);
    shard->on_leadership = [&mine = *mine](const std::string& topic, PartitionId partition, replica::PartitionPtr led) {
      if (topic != kOffsetsTopic) return;
      if (led)
        mine.lead(partition, std::move(led));
      else
        mine.resign(partition);
    };
  }
}

Task<> GroupCoordinator::start() {
  for (std::size_t i = 0; i < shards_.size(); ++i) co_await shards_to_call_[i]->call(*shards_[i], &GroupShard::start);
}

Task<> GroupCoordinator::stop() {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    co_await shards_to_call_[i]->call(*shards_[i], &GroupShard::resign_all);
}

void GroupCoordinator::topic_deleted(const std::string& topic) {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_to_call_[i]->post([shard = shards_[i].get(), topic] { shard->topic_deleted(topic); });
}

Result<GroupCoordinator::Place> GroupCoordinator::locate(const metadata::Image& image,
                                                         const std::string& group_id) const {
  const auto topic = image.topic(kOffsetsTopic);
  if (!topic || topic->partitions.empty())
    return fail(ErrorCode::kCoordinatorNotAvailable, "there is no group yet, so no coordinator");
  const auto partition = record::coordinator_partition(group_id, static_cast<std::int32_t>(topic->partitions.size()));
  if (topic->partition(partition)->leader != broker_.config().node_id)
    return fail(ErrorCode::kNotCoordinator, "another broker coordinates group " + group_id);
  const auto& owner = broker_.owner_of({topic->id, partition});
  return Place{owner.shard.id, partition};
}

group::RequestContext GroupCoordinator::group_context(const RequestContext& context) {
  return {
      .version = context.version, .client_id = context.client_id, .client_host = "/" + context.connection->client_host};
}

// What went wrong with the log says nothing to a client that asked for its group; where to ask next does.
Error GroupCoordinator::as_coordinator_error(Error error) {
  switch (error.code) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kNotEnoughReplicas:
    case ErrorCode::kNotEnoughReplicasAfterAppend:
    case ErrorCode::kRequestTimedOut:
      error.code = ErrorCode::kCoordinatorNotAvailable;
      break;
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kKafkaStorageError:
      error.code = ErrorCode::kNotCoordinator;
      break;
    case ErrorCode::kMessageTooLarge:
    case ErrorCode::kRecordListTooLarge:
      error.code = ErrorCode::kUnknownServerError;
      break;
    default:
      break;
  }
  return error;
}

}  // namespace thalweg::broker
