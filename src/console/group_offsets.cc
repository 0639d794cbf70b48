#include "console/group_offsets.h"

#include <algorithm>

#include "broker/topics.h"
#include "console/ask.h"
#include "console/problem.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;

// Topics by name: those that are gone have no id, and are shown all the same.
constexpr std::int16_t kVersionWithNames = 9;
constexpr std::size_t kOffsetsAtOnce = 2000;

GroupOffsets as_offsets(const metadata::Image& image, OffsetFetchResponse::OffsetFetchResponseGroup& group) {
  GroupOffsets out{.group = std::move(group.group_id), .error = group.error_code, .offsets = {}};
  for (auto& topic : group.topics)
    for (auto& p : topic.partitions)
      if (p.error_code == ErrorCode::kNone && p.committed_offset != kNoOffset)
        out.offsets.push_back({.partition = {topic.name, p.partition_index},
                               .offset = p.committed_offset,
                               .metadata = std::move(p.metadata).value_or(""),
                               .gone = image.partition(topic.name, p.partition_index) == nullptr,
                               .log = {}});
  std::ranges::sort(out.offsets, {}, &CommittedOffset::partition);
  return out;
}

// Each partition is asked for once, however many groups read it.
Task<> add_extents(const Call& call, std::vector<GroupOffsets>& groups) {
  std::map<thalweg::TopicPartition, std::vector<CommittedOffset*>> places;
  Pace pace(kOffsetsAtOnce);
  for (auto& group : groups)
    for (auto& committed : group.offsets) {
      if (pace.due()) co_await give_way();
      if (!committed.gone) places[committed.partition].push_back(&committed);
    }
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& [partition, some] : places) partitions.push_back(partition);
  const auto extents = co_await extents_of(call, std::move(partitions));
  auto extent = extents.begin();
  for (const auto& [partition, some] : places) {
    for (auto* committed : some) committed->log = *extent;
    ++extent;
  }
}

}  // namespace

std::optional<std::int64_t> CommittedOffset::lag() const {
  if (!log) return std::nullopt;
  return lag_of(*log, offset);
}

std::int32_t GroupOffsets::topics() const {
  std::int32_t count = 0;
  const std::string* last = nullptr;
  for (const auto& committed : offsets) {
    if (!last || *last != committed.partition.topic) ++count;
    last = &committed.partition.topic;
  }
  return count;
}

std::optional<std::int64_t> GroupOffsets::lag() const {
  std::int64_t sum = 0;
  for (const auto& committed : offsets) {
    if (committed.gone) continue;
    const auto one = committed.lag();
    if (!one) return std::nullopt;
    sum += *one;
  }
  return sum;
}

Task<Outcome<std::vector<GroupOffsets>>> committed_of(const Call& call, BrokerId coordinator,
                                                      std::vector<std::string> groups, AskOptions options) {
  OffsetFetchRequest request;
  for (auto& group : groups) {
    auto& asked = request.groups.emplace_back();
    asked.group_id = std::move(group);
    asked.topics = std::nullopt;
  }
  options.version = kVersionWithNames;
  auto response = co_await ask_broker<OffsetFetchResponse>(call, coordinator, std::move(request), options);
  CO_TRY(auto answer, told(std::move(response)));
  std::vector<GroupOffsets> all;
  for (auto& group : answer.groups) {
    all.push_back(as_offsets(*call.image, group));
    co_await give_way();
  }
  co_return all;
}

Task<Outcome<std::vector<GroupOffsets>>> offsets_of(const Call& call, BrokerId coordinator,
                                                    std::vector<std::string> groups, AskOptions options) {
  CO_TRY(auto all, co_await committed_of(call, coordinator, std::move(groups), options));
  co_await add_extents(call, all);
  co_return all;
}

}  // namespace thalweg::console
