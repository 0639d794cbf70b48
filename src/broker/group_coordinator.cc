#include "broker/group_coordinator.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/leadership.h"
#include "broker/topics.h"
#include "record/batch.h"
#include "record/hash.h"
#include "runtime/yielding.h"

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

GroupCoordinator::GroupCoordinator(Broker& broker)
    : broker_(broker), groups_(shards_of(broker), "group coordinator", group_machines(broker.config())) {
  follow_leadership(broker, kOffsetsTopic, groups_);
}

// Not in the header: everybody who includes broker.h would compile the host of groups.
Task<> GroupCoordinator::start() { return groups_.start(); }
Task<> GroupCoordinator::stop() { return groups_.stop(); }

void GroupCoordinator::topic_deleted(const std::string& topic) {
  for (std::size_t i = 0; i < broker_.shards().size(); ++i) {
    const Shard& shard = broker_.shards()[i]->shard;
    shard.post([&shard, mine = &groups_.on_shard(i), topic] { forget_topic(shard, *mine, topic); });
  }
}

group::GroupCounts GroupCoordinator::count_on(std::size_t shard) {
  group::GroupCounts counts;
  groups_.on_shard(shard).each_machine([&](const group::GroupMachine& machine) { machine.add_to(counts); });
  return counts;
}

Task<std::vector<group::GroupFigures>> GroupCoordinator::figures_on(std::size_t shard) {
  constexpr std::size_t kAtOnce = 2000;  // groups and offsets: some hundred microseconds
  std::vector<group::GroupFigures> all;
  auto& here = groups_.on_shard(shard);
  for (const auto partition : here.partitions()) {
    // A machine may go between two slices.
    for (std::string after; const auto* machine = here.machine_of(partition);) {
      auto some = machine->figures(after, kAtOnce);
      if (some.empty()) break;
      after = some.back().id;
      std::ranges::move(some, std::back_inserter(all));
      co_await give_way();
    }
  }
  co_return all;
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
  return {.version = context.version,
          .client_id = context.client_id,
          .client_host = "/" + context.connection->client_host,
          .principal = context.connection->principal};
}

}  // namespace thalweg::broker
