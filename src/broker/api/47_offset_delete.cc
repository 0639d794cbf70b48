// OffsetDelete (47), version 0 (KIP-496): forgets committed offsets of topics that no member reads.
#include "broker/api/handlers.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/offset_delete_request.h"
#include "protocol/offset_delete_response.h"

namespace thalweg::broker {

using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;

Task<OffsetDeleteResponse> offset_delete(const RequestContext& context, OffsetDeleteRequest request) {
  std::vector<OffsetDeleteResponse::OffsetDeleteResponseTopic> unknown;
  std::erase_if(request.topics, [&](const auto& topic) {
    if (context.image->topic(std::string_view(topic.name))) return false;
    auto& result = unknown.emplace_back();
    result.name = topic.name;
    for (const auto& p : topic.partitions)
      result.partitions.push_back({p.partition_index, ErrorCode::kUnknownTopicOrPartition});
    return true;
  });
  const std::string group_id = request.group_id;
  auto answer = co_await context.here.broker.groups().ask<OffsetDeleteResponse>(context, group_id, std::move(request));
  if (!answer) co_return OffsetDeleteResponse{.error_code = answer.error().code};
  if (answer->error_code != ErrorCode::kNone) co_return std::move(*answer);
  for (auto& topic : unknown) answer->topics.push_back(std::move(topic));
  co_return std::move(*answer);
}

}  // namespace thalweg::broker
