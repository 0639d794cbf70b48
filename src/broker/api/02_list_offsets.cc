// ListOffsets (2), versions 0-11. Timestamps below zero: -1 latest, -2 earliest, -3 largest timestamp (KIP-734), -4
// earliest local (KIP-405), -5 latest tiered (KIP-1005), -6 earliest not yet uploaded (KIP-1023). Nothing is tiered
// here: the earliest is local, and -5 and -6 find nothing. Version 0 asked for segments by the time of their files
// (KIP-79); of that, the end and the beginning are left.
#include <algorithm>
#include <set>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using Kind = replica::OffsetQuery::Kind;
using ListedPartition = ListOffsetsResponse::ListOffsetsPartitionResponse;

// From which version a special timestamp exists, and what it asks.
struct Special {
  Timestamp timestamp;
  std::int16_t since;
  Kind kind;
};
constexpr Timestamp kLatestTiered = -5, kEarliestPendingUpload = -6;
constexpr Special kSpecials[] = {
    {-1, 0, Kind::kLatest},        {-2, 0, Kind::kEarliest},          {-3, 7, Kind::kMaxTimestamp},
    {-4, 8, Kind::kEarliestLocal}, {kLatestTiered, 9, Kind::kLatest}, {kEarliestPendingUpload, 11, Kind::kLatest},
};

Result<replica::OffsetQuery> query_of(const ListOffsetsRequest& request,
                                      const ListOffsetsRequest::ListOffsetsPartition& asked, std::int16_t version) {
  replica::OffsetQuery query{.current_leader_epoch = asked.current_leader_epoch};
  if (request.replica_id >= BrokerId{0} || request.replica_id == BrokerId{-2})
    query.isolation = replica::Isolation::kLogEnd;
  else if (request.isolation_level == 1)
    query.isolation = replica::Isolation::kLastStable;
  if (asked.timestamp >= 0) {
    if (version == 0)
      return fail(ErrorCode::kUnsupportedVersion,
                  "records are found by their time from ListOffsets version 1 on (KIP-79)");
    query.kind = Kind::kTimestamp;
    query.timestamp = asked.timestamp;
    return query;
  }
  for (const auto& special : kSpecials) {
    if (special.timestamp != asked.timestamp) continue;
    if (version < special.since)
      return fail(ErrorCode::kUnsupportedVersion, "timestamp " + std::to_string(asked.timestamp) +
                                                      " needs ListOffsets version " + std::to_string(special.since));
    query.kind = special.kind;
    return query;
  }
  return fail(ErrorCode::kUnsupportedVersion, "no special timestamp " + std::to_string(asked.timestamp));
}

Task<Result<storage::TimestampAndOffset>> look_up(const RequestContext& context, const ListOffsetsRequest& request,
                                                  const std::string& topic,
                                                  const ListOffsetsRequest::ListOffsetsPartition& asked) {
  CO_TRY(const auto query, query_of(request, asked, context.version));
  CO_TRY(const auto found, find_partition(*context.image, topic, asked.partition_index));
  auto& owner = context.here.broker.owner_of(found.key);
  CO_TRY(const auto offset,
         co_await owner.shard.call(owner.partitions, &replica::Partitions::find_offset, found.key, query));
  const bool tiered = asked.timestamp == kLatestTiered || asked.timestamp == kEarliestPendingUpload;
  co_return tiered ? storage::TimestampAndOffset{} : offset;
}

void fill(ListedPartition& out, const RequestContext& context, const ListOffsetsRequest::ListOffsetsPartition& asked,
          const Result<storage::TimestampAndOffset>& found) {
  out.partition_index = asked.partition_index;
  out.timestamp = kNoTimestamp;
  out.offset = kNoOffset;
  if (!found) {
    // KIP-207: clients from before version 5 do not know the error, and ask again after the other.
    const bool unknown = found.error().code == ErrorCode::kOffsetNotAvailable && context.version < 5;
    out.error_code = unknown ? ErrorCode::kLeaderNotAvailable : found.error().code;
    return;
  }
  if (context.version == 0) {
    if (found->offset != kNoOffset && asked.max_num_offsets > 0) out.old_style_offsets.push_back(found->offset.value);
    return;
  }
  out.timestamp = found->timestamp;
  out.offset = found->offset;
  if (context.version >= 4) out.leader_epoch = found->leader_epoch;
}

Task<ListOffsetsResponse> list_offsets(const RequestContext& context, ListOffsetsRequest request) {
  ListOffsetsResponse response;
  Pace pace(kPartitionsAtOnce);
  std::set<std::pair<std::string, PartitionId>> seen, twice;
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      if (pace.due()) co_await give_way();
      if (!seen.emplace(topic.name, partition.partition_index).second)
        twice.emplace(topic.name, partition.partition_index);
    }
  }
  for (const auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    for (const auto& asked : topic.partitions) {
      if (pace.due()) co_await give_way();
      Result<storage::TimestampAndOffset> found = fail(ErrorCode::kInvalidRequest, "the partition is named twice");
      if (!twice.contains({topic.name, asked.partition_index}))
        found = co_await look_up(context, request, topic.name, asked);
      fill(out.partitions.emplace_back(), context, asked, found);
    }
  }
  co_return response;
}

}  // namespace

extern const Api kListOffsets = serve<&list_offsets>;

}  // namespace thalweg::broker
