#include "console/topic_readers.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "console/group_list.h"
#include "console/group_offsets.h"
#include "group/group_machine.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kOffsetsLookedAtOnce = 20'000;
constexpr std::size_t kGroupsAskedAtOnce = 200;  // an answer has all that these have committed, in whichever topic

Task<std::vector<TopicReader>> readers_here(const Call& call, const std::string& topic) {
  std::vector<TopicReader> readers;
  Pace pace(kOffsetsLookedAtOnce);
  for (const auto& shard : call.broker().shards()) {
    const auto groups = co_await shard->shard.call(call.broker().groups(), &broker::GroupCoordinator::figures_on,
                                                   std::size_t(shard->shard.id));
    for (const auto& group : groups) {
      if (pace.due(1 + group.offsets.size())) co_await give_way();
      if (!call.allows(broker::Operation::kDescribe, broker::group_resource(group.id))) continue;
      TopicReader reader{.group = group.id,
                         .state = group_state_named(group::name(group.state)),
                         .coordinator = call.self(),
                         .members = std::int32_t(group.members),
                         .committed = {}};
      for (const auto& committed : group.offsets)
        if (committed.topic == topic) reader.committed.emplace_back(committed.partition, committed.offset);
      if (!reader.committed.empty()) readers.push_back(std::move(reader));
    }
  }
  co_return readers;
}

struct ReadersThere {
  BrokerId coordinator;
  std::vector<TopicReader> readers;
  bool has_told_all = true;
};

void take(const GroupRow& group, const GroupOffsets& offsets, const std::string& topic, ReadersThere& there) {
  TopicReader reader{.group = group.name, .state = group.state, .coordinator = there.coordinator, .members = {}};
  if (offsets.error != ErrorCode::kNone) there.has_told_all = false;
  for (const auto& committed : offsets.offsets)
    if (committed.partition.topic == topic)
      reader.committed.emplace_back(committed.partition.partition, committed.offset);
  if (!reader.committed.empty()) there.readers.push_back(std::move(reader));
}

Task<ReadersThere> readers_there(const Call& call, BrokerId coordinator, const std::vector<GroupRow>& groups,
                                 const std::string& topic) {
  ReadersThere there{.coordinator = coordinator, .readers = {}};
  const auto& clock = call.broker().shard0().clock;
  const Instant deadline = later(clock.now(), kReadersWithin);
  for (std::size_t from = 0; from < groups.size(); from += kGroupsAskedAtOnce) {
    const std::size_t count = std::min(groups.size() - from, kGroupsAskedAtOnce);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(groups[from + i].name);
    const AskOptions in_time{.version = {}, .within = deadline - clock.now()};
    const auto answer = co_await committed_of(call, coordinator, std::move(names), in_time);
    there.has_told_all = there.has_told_all && answer && answer->size() == count;
    if (!answer) break;
    for (std::size_t i = 0; i < std::min(count, answer->size()); ++i)
      if ((*answer)[i].group == groups[from + i].name) take(groups[from + i], (*answer)[i], topic, there);
  }
  co_return there;
}

}  // namespace

Task<Outcome<TopicReaders>> readers_of(const Call& call, std::string topic) {
  TopicReaders all{.readers = co_await readers_here(call, topic), .not_asked = {}};
  if (call.image->brokers().size() <= 1) co_return all;
  CO_TRY(auto seen, co_await list_groups(call));
  all.not_asked = std::move(seen.not_asked);
  std::map<BrokerId, std::vector<GroupRow>> others;
  for (auto& row : seen.rows)
    if (row.coordinator != call.self()) others[row.coordinator].push_back(std::move(row));
  std::vector<Task<ReadersThere>> asked;
  for (const auto& [coordinator, groups] : others) asked.push_back(readers_there(call, coordinator, groups, topic));
  for (auto& there : co_await gather(std::move(asked))) {
    if (!there.has_told_all) all.not_asked.push_back(there.coordinator);
    std::ranges::move(there.readers, std::back_inserter(all.readers));
  }
  std::ranges::sort(all.not_asked);
  co_return all;
}

}  // namespace thalweg::console
