// OffsetCommit (8), versions 1-10. Topics that do not exist are answered here, one by one; the coordinator sees the
// rest. From version 10 on topics are named by id (KIP-848 follow-up, Kafka 4.2).
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"

namespace thalweg::broker {
namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using RequestTopic = OffsetCommitRequest::OffsetCommitRequestTopic;
using ResponseTopic = OffsetCommitResponse::OffsetCommitResponseTopic;

constexpr std::int16_t kTopicIdsFrom = 10;

// The partitions of the topic that exist stay in it, those that do not are answered in `result`, whose entries are in
// the request's order.
void sort_out(const RequestContext& context, RequestTopic& topic, ResponseTopic& result) {
  const bool by_id = context.version >= kTopicIdsFrom;
  const auto known = by_id ? context.image->topic(topic.topic_id) : context.image->topic(std::string_view(topic.name));
  const auto missing = by_id && !known ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
  if (known) topic.name = known->name;
  std::vector<OffsetCommitRequest::OffsetCommitRequestPartition> here;
  for (auto& partition : topic.partitions) {
    const bool exists = known && known->partition(partition.partition_index);
    result.partitions.push_back({partition.partition_index, exists ? ErrorCode::kNone : missing});
    if (exists) here.push_back(std::move(partition));
  }
  topic.partitions = std::move(here);
}

Task<OffsetCommitResponse> offset_commit(const RequestContext& context, OffsetCommitRequest request) {
  OffsetCommitResponse response;
  for (auto& topic : request.topics) {
    auto& result = response.topics.emplace_back();
    result.name = topic.name;
    result.topic_id = topic.topic_id;
    sort_out(context, topic, result);
  }
  const std::string group_id = request.group_id;
  const auto answer =
      co_await context.here.broker.groups().ask<OffsetCommitResponse>(context, group_id, std::move(request));
  const auto failed = answer ? ErrorCode::kNone : answer.error().code;
  for (std::size_t t = 0; t < response.topics.size(); ++t) {
    std::size_t next = 0;
    for (auto& partition : response.topics[t].partitions) {
      if (partition.error_code != ErrorCode::kNone) continue;
      partition.error_code = answer ? answer->topics[t].partitions[next++].error_code : failed;
    }
  }
  co_return response;
}

}  // namespace

extern const Api kOffsetCommit = serve<&offset_commit>;

}  // namespace thalweg::broker
