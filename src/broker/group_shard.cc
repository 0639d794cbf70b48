#include "broker/group_shard.h"

#include <algorithm>

#include "base/log.h"
#include "record/batch.h"

namespace thalweg::broker {
namespace {

group::GroupConfig group_config(const config::BrokerConfig& config, const storage::LogConfig& log) {
  const auto batch_max = std::int64_t(coordinator::LogJournal::batch_bytes_max(log));
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

Task<> forget(GroupShard* groups, PartitionId partition, std::string topic) {
  const auto done =
      co_await groups->handle<group::Done>(partition, group::TopicsDeleted{{topic}}, group::RequestContext{});
  // Retention takes them later; until then a topic of the same name finds positions that are not its own.
  if (!done)
    log::warn("offsets of a deleted topic could not be forgotten", field("topic", topic), field("error", done.error()));
}

}  // namespace

GroupShard::NewMachine group_machines(const config::BrokerConfig& config) {
  return [&config](const Shard& shard, const storage::LogConfig& log) {
    auto& random = shard.random;
    return std::make_unique<group::GroupMachine>(group_config(config, log),
                                                 [&random] { return Uuid::from_random(random.next(), random.next()); });
  };
}

void forget_topic(const Shard& shard, GroupShard& groups, const std::string& topic) {
  for (const auto partition : groups.partitions()) spawn(shard, forget(&groups, partition, topic));
}

}  // namespace thalweg::broker
