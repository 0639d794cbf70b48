// OffsetFetch (9), versions 1-10. One group up to version 7, many from version 8 on (KIP-709), topics by id from
// version 10. A group that is named twice is answered once. From version 7 on a client may ask for stable offsets only:
// where one is pending in a transaction it is told UNSTABLE_OFFSET_COMMIT, and asks again (KIP-447).
#include <set>

#include "broker/answer_bound.h"
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "group/group_machine.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;
using RequestGroup = OffsetFetchRequest::OffsetFetchRequestGroup;
using ResponseGroup = OffsetFetchResponse::OffsetFetchResponseGroup;
using FetchedTopic = OffsetFetchResponse::OffsetFetchResponseTopics;

constexpr std::int16_t kGroupErrorFrom = 2;
constexpr std::int16_t kManyGroupsFrom = 8;
constexpr std::int16_t kFetchByIdFrom = 10;

template <class Topic>
FetchedTopic refused(const Topic& topic, ErrorCode error) {
  FetchedTopic result{.name = topic.name};
  for (const auto partition : topic.partition_indexes) {
    result.partitions.push_back(
        {.partition_index = partition, .committed_offset = kNoOffset, .metadata = std::string(), .error_code = error});
  }
  return result;
}

// Names instead of ids; topics that no longer exist are taken out and answered.
std::vector<FetchedTopic> resolve_ids(const RequestContext& context, RequestGroup& group) {
  std::vector<FetchedTopic> unknown;
  if (context.version < kFetchByIdFrom || !group.topics) return unknown;
  std::vector<OffsetFetchRequest::OffsetFetchRequestTopics> known;
  for (auto& topic : *group.topics) {
    if (const auto found = context.image->topic(topic.topic_id)) {
      topic.name = found->name;
      known.push_back(std::move(topic));
    } else {
      unknown.push_back(refused(topic, ErrorCode::kUnknownTopicId));
      unknown.back().topic_id = topic.topic_id;
    }
  }
  group.topics = std::move(known);
  return unknown;
}

Task<ResponseGroup> fetch_group(const RequestContext& context, RequestGroup group, bool require_stable) {
  const std::string group_id = group.group_id;
  auto unknown = resolve_ids(context, group);
  auto answer = co_await context.here.broker.groups().ask<ResponseGroup>(
      context, group_id, group::FetchOffsets{std::move(group), require_stable});
  if (!answer) co_return ResponseGroup{.group_id = group_id, .error_code = answer.error().code};
  if (context.version >= kFetchByIdFrom) {
    // A committed offset whose topic is gone cannot be named.
    std::erase_if(answer->topics, [&](FetchedTopic& topic) {
      const auto found = context.image->topic(std::string_view(topic.name));
      if (found) topic.topic_id = found->id;
      return !found;
    });
  }
  for (auto& topic : unknown) answer->topics.push_back(std::move(topic));
  co_return std::move(*answer);
}

std::size_t size_of(const ResponseGroup& group) {
  std::size_t size = sizeof group + group.group_id.size();
  for (const auto& topic : group.topics) {
    size += sizeof topic + topic.name.size();
    for (const auto& partition : topic.partitions)
      size += sizeof partition + (partition.metadata ? partition.metadata->size() : 0);
  }
  return size;
}

// What is asked for by name has its room before it is looked for: a partition is four bytes there and many here.
std::size_t size_asked(const RequestGroup& group) {
  std::size_t partitions = 0;
  if (group.topics)
    for (const auto& topic : *group.topics) partitions += topic.partition_indexes.size();
  return partitions * sizeof(OffsetFetchResponse::OffsetFetchResponsePartitions);
}

Task<ResponseGroup> fetch_within(const RequestContext& context, AnswerBound& bound, RequestGroup group, bool stable) {
  const std::string group_id = group.group_id;
  auto room = bound.add(size_asked(group));
  if (room) {
    auto fetched = co_await fetch_group(context, std::move(group), stable);
    room = bound.add(size_of(fetched));
    if (room) co_return std::move(fetched);
  }
  co_return ResponseGroup{.group_id = group_id, .error_code = room.error().code};
}

RequestGroup as_group(OffsetFetchRequest& request) {
  RequestGroup group{.group_id = request.group_id, .topics = std::nullopt};
  if (!request.topics) return group;
  group.topics.emplace();
  for (const auto& topic : *request.topics)
    group.topics->push_back({.name = topic.name, .partition_indexes = topic.partition_indexes});
  return group;
}

OffsetFetchResponse as_single(const RequestContext& context, const OffsetFetchRequest& request, ResponseGroup group) {
  OffsetFetchResponse response{.error_code = group.error_code};
  // Before there was an error for the whole request, every partition had to carry it.
  if (group.error_code != ErrorCode::kNone && context.version < kGroupErrorFrom && request.topics)
    for (const auto& topic : *request.topics) group.topics.push_back(refused(topic, group.error_code));
  for (auto& topic : group.topics) {
    auto& result = response.topics.emplace_back();
    result.name = std::move(topic.name);
    for (auto& p : topic.partitions) {
      result.partitions.push_back({.partition_index = p.partition_index,
                                   .committed_offset = p.committed_offset,
                                   .committed_leader_epoch = p.committed_leader_epoch,
                                   .metadata = std::move(p.metadata),
                                   .error_code = p.error_code});
    }
  }
  return response;
}

Task<OffsetFetchResponse> offset_fetch(const RequestContext& context, OffsetFetchRequest request) {
  AnswerBound bound(context);
  if (context.version < kManyGroupsFrom)
    co_return as_single(context, request,
                        co_await fetch_within(context, bound, as_group(request), request.require_stable));
  OffsetFetchResponse response;
  std::set<std::string> seen;
  constexpr std::size_t kGroupsAtOnce = 100;
  Pace pace(kGroupsAtOnce);
  for (auto& group : request.groups) {
    if (!seen.insert(group.group_id).second) continue;
    if (pace.due()) co_await give_way();
    response.groups.push_back(co_await fetch_within(context, bound, std::move(group), request.require_stable));
  }
  co_return response;
}

}  // namespace

extern const Api kOffsetFetch = serve<&offset_fetch>;

}  // namespace thalweg::broker
