#include "broker/describe_quorum.h"

namespace thalweg::broker {
namespace {

using protocol::DescribeQuorumRequest;
using protocol::DescribeQuorumResponse;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";
constexpr std::string_view kNotHosted = "This server does not host this topic-partition.";  // Kafka's words

bool asks_for_the_metadata_log(const DescribeQuorumRequest& request) {
  return request.topics.size() == 1 && request.topics[0].topic_name == kMetadataTopic &&
         request.topics[0].partitions.size() == 1 && request.topics[0].partitions[0].partition_index == PartitionId{0};
}

// As Kafka: whoever asks for anything else as well is refused everything.
DescribeQuorumResponse all_unknown(const DescribeQuorumRequest& request) {
  DescribeQuorumResponse response;
  response.error_message.reset();
  for (const auto& asked : request.topics) {
    auto& topic = response.topics.emplace_back();
    topic.topic_name = asked.topic_name;
    for (const auto& partition : asked.partitions) {
      auto& out = topic.partitions.emplace_back();
      out.partition_index = partition.partition_index;
      out.error_code = ErrorCode::kUnknownTopicOrPartition;
      out.error_message = kNotHosted;
    }
  }
  return response;
}

DescribeQuorumResponse::ReplicaState state_of(const QuorumView::Member& member) {
  DescribeQuorumResponse::ReplicaState state;
  state.replica_id = member.node;
  state.replica_directory_id = member.directory;
  state.log_end_offset = member.log_end;
  state.last_fetch_timestamp = member.last_fetch;
  state.last_caught_up_timestamp = member.last_caught_up;
  return state;
}

}  // namespace

DescribeQuorumResponse describe_quorum(const QuorumView& view, const DescribeQuorumRequest& request) {
  if (!asks_for_the_metadata_log(request)) return all_unknown(request);
  DescribeQuorumResponse response;
  response.error_message.reset();
  auto& topic = response.topics.emplace_back();
  topic.topic_name = kMetadataTopic;
  auto& partition = topic.partitions.emplace_back();
  partition.error_message.reset();
  partition.leader_id = view.leader;
  partition.leader_epoch = view.epoch;
  partition.high_watermark = view.high_watermark;
  for (const auto& member : view.members) {
    (member.voter ? partition.current_voters : partition.observers).push_back(state_of(member));
    if (!member.voter || member.listeners.empty()) continue;
    auto& node = response.nodes.emplace_back();
    node.node_id = member.node;
    for (const auto& [name, endpoint] : member.listeners)
      node.listeners.push_back({name, endpoint.host, endpoint.port});
  }
  return response;
}

}  // namespace thalweg::broker
