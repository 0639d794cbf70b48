#include "console/topic_readers.h"

#include <algorithm>

#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "console/group_list.h"
#include "group/group_machine.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {
constexpr std::size_t kOffsetsLookedAtOnce = 20'000;
}

Task<std::vector<TopicReader>> readers_of(const Call& call, std::string topic) {
  std::vector<TopicReader> readers;
  Pace pace(kOffsetsLookedAtOnce);
  for (const auto& shard : call.broker().shards()) {
    const auto groups = co_await shard->shard.call(call.broker().groups(), &broker::GroupCoordinator::figures_on,
                                                   std::size_t(shard->shard.id));
    for (const auto& group : groups) {
      if (pace.due(1 + group.offsets.size())) co_await give_way();
      const auto partitions = std::ranges::count(group.offsets, topic, &group::GroupFigures::Committed::topic);
      if (partitions == 0 || !call.allows(broker::Operation::kDescribe, broker::group_resource(group.id))) continue;
      readers.push_back({.group = group.id,
                         .state = group_state_named(group::name(group.state)),
                         .members = std::int32_t(group.members),
                         .partitions = std::int32_t(partitions)});
    }
  }
  co_return readers;
}

}  // namespace thalweg::console
