// OffsetDelete (47), version 0 (KIP-496): forgets committed offsets of topics that no member reads.
#include <algorithm>

#include "broker/api/api.h"
#include "broker/audit.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/offset_delete_request.h"
#include "protocol/offset_delete_response.h"

namespace thalweg::broker {

using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;
using DeletedTopic = OffsetDeleteResponse::OffsetDeleteResponseTopic;
using ResponsePartition = OffsetDeleteResponse::OffsetDeleteResponsePartition;

namespace {

// Takes the partitions that do not exist out of the request, and answers them.
DeletedTopic take_out_unknown(const RequestContext& context, OffsetDeleteRequest::OffsetDeleteRequestTopic& topic) {
  const auto known = context.image->topic(std::string_view(topic.name));
  DeletedTopic unknown{.name = topic.name};
  std::erase_if(topic.partitions, [&](const auto& partition) {
    if (known && known->partition(partition.partition_index)) return false;
    unknown.partitions.push_back({partition.partition_index, ErrorCode::kUnknownTopicOrPartition});
    return true;
  });
  return unknown;
}

void say_deleted(const RequestContext& context, const std::string& group_id, const OffsetDeleteResponse& answer) {
  for (const auto& topic : answer.topics) {
    const auto deleted = std::ranges::count(topic.partitions, ErrorCode::kNone, &ResponsePartition::error_code);
    if (deleted > 0)
      log::info("offsets of a group deleted", field("group", group_id), field("topic", topic.name),
                field("partitions", deleted), by(context));
  }
}

Task<OffsetDeleteResponse> offset_delete(const RequestContext& context, OffsetDeleteRequest request) {
  if (request.group_id.empty()) co_return OffsetDeleteResponse{.error_code = ErrorCode::kInvalidGroupId};
  std::vector<DeletedTopic> unknown;
  for (auto& topic : request.topics) unknown.push_back(take_out_unknown(context, topic));
  const std::string group_id = request.group_id;
  auto answer = co_await context.here.broker.groups().ask<OffsetDeleteResponse>(context, group_id, std::move(request));
  if (!answer) co_return OffsetDeleteResponse{.error_code = answer.error().code};
  say_deleted(context, group_id, *answer);
  // Topics are answered in the request's order, with nothing for those of which nothing was left to ask.
  for (std::size_t i = 0; i < answer->topics.size(); ++i)
    for (auto& partition : unknown[i].partitions) answer->topics[i].partitions.push_back(partition);
  co_return std::move(*answer);
}

}  // namespace

extern const Api kOffsetDelete = serve<&offset_delete>;

}  // namespace thalweg::broker
