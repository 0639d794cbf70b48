// /quorum: the metadata quorum as its leader sees it.
#include "console/ask.h"
#include "console/problem.h"
#include "console/routes.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/describe_quorum_response.h"

namespace thalweg::console {
namespace {

using protocol::DescribeQuorumRequest;
using protocol::DescribeQuorumResponse;

DescribeQuorumRequest metadata_partition() {
  DescribeQuorumRequest request;
  auto& topic = request.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back();
  return request;
}

std::optional<std::int64_t> time_or_none(std::int64_t time) { return time < 0 ? std::nullopt : std::optional(time); }

Task<Outcome<Quorum>> quorum(const Call& call, GetQuorum) {
  CO_TRY(const auto response, told(co_await ask<DescribeQuorumResponse>(call, metadata_partition())));
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(
        problem_of(response.error_code, response.error_message.value_or(""), "try again in a moment"));
  if (response.topics.empty() || response.topics.front().partitions.empty())
    co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  const auto& partition = response.topics.front().partitions.front();
  if (partition.error_code != ErrorCode::kNone)
    co_return std::unexpected(
        problem_of(partition.error_code, partition.error_message.value_or(""), "try again in a moment"));
  Quorum out{.leader = {},
             .epoch = partition.leader_epoch.value,
             .high_watermark = partition.high_watermark.value,
             .nodes = {}};
  if (partition.leader_id != kNoBroker) out.leader = partition.leader_id.value;
  std::int64_t end = 0;
  for (const auto& voter : partition.current_voters)
    if (voter.replica_id == partition.leader_id) end = voter.log_end_offset.value;
  const auto add = [&](const auto& nodes, QuorumRole role) {
    for (const auto& node : nodes)
      out.nodes.push_back({.id = node.replica_id.value,
                           .role = node.replica_id == partition.leader_id ? QuorumRole::kLeader : role,
                           .log_end = node.log_end_offset.value,
                           .behind = std::max<std::int64_t>(0, end - node.log_end_offset.value),
                           .fetched_at = time_or_none(node.last_fetch_timestamp),
                           .caught_up_at = time_or_none(node.last_caught_up_timestamp)});
  };
  add(partition.current_voters, QuorumRole::kVoter);
  add(partition.observers, QuorumRole::kObserver);
  co_return out;
}

}  // namespace

void add_quorum(Routes& routes) { routes.add<GetQuorum, quorum>(); }

}  // namespace thalweg::console
