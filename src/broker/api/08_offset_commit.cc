// OffsetCommit (8), versions 1-10. Topics that do not exist are answered here, one by one; the coordinator sees the
// rest. From version 10 on topics are named by id (KIP-848 follow-up, Kafka 4.2).
#include "broker/api/api.h"
#include "broker/api/existing_partitions.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"

namespace thalweg::broker {
namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;

Task<OffsetCommitResponse> offset_commit(const RequestContext& context, OffsetCommitRequest request) {
  constexpr std::int16_t kTopicIdsFrom = 10;
  OffsetCommitResponse response;
  for (auto& topic : request.topics)
    keep_existing(context, context.version >= kTopicIdsFrom, topic, response.topics.emplace_back());
  const std::string group_id = request.group_id;
  const auto answer =
      co_await context.here.broker.groups().ask<OffsetCommitResponse>(context, group_id, std::move(request));
  fill_in(response, answer);
  co_return response;
}

}  // namespace

extern const Api kOffsetCommit = serve<&offset_commit>;

}  // namespace thalweg::broker
