// DescribeTopicPartitions (75), version 0 (KIP-966): topics sorted by name, cut into pages by a cursor.
#include <algorithm>
#include <set>

#include "broker/api/api.h"
#include "broker/api/described_partition.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "controller/topics.h"
#include "protocol/describe_topic_partitions_request.h"
#include "protocol/describe_topic_partitions_response.h"

namespace thalweg::broker {
namespace {

using protocol::DescribeTopicPartitionsRequest;
using protocol::DescribeTopicPartitionsResponse;

constexpr std::int32_t kPartitionsMax = 2000;  // max.request.partition.size.limit

DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition describe(const metadata::Image& image,
                                                                                   const metadata::Partition& p,
                                                                                   std::int32_t index) {
  auto out = described_partition<DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition>(
      image, p, PartitionId{index});
  out.eligible_leader_replicas = p.eligible_leader_replicas;
  out.last_known_elr = p.last_known_elr;
  return out;
}

std::set<std::string> names(const RequestContext& context, const DescribeTopicPartitionsRequest& request) {
  std::set<std::string> wanted;
  for (const auto& topic : request.topics) wanted.insert(topic.name);
  if (request.topics.empty())
    for (const auto& [name, topic] : context.image->topics()) wanted.insert(name);
  if (request.cursor) wanted.erase(wanted.begin(), wanted.lower_bound(request.cursor->topic_name));
  return wanted;
}

DescribeTopicPartitionsResponse refused(const DescribeTopicPartitionsRequest& request, ErrorCode code) {
  DescribeTopicPartitionsResponse response;
  for (const auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    out.error_code = code;
  }
  return response;
}

DescribeTopicPartitionsResponse::Cursor cursor_at(const std::string& topic, std::int32_t partition) {
  DescribeTopicPartitionsResponse::Cursor cursor;
  cursor.topic_name = topic;
  cursor.partition_index = PartitionId{partition};
  return cursor;
}

Task<DescribeTopicPartitionsResponse> describe_topic_partitions(const RequestContext& context,
                                                                DescribeTopicPartitionsRequest request) {
  if (request.cursor && request.cursor->partition_index < PartitionId{0})
    co_return refused(request, ErrorCode::kInvalidRequest);
  DescribeTopicPartitionsResponse response;
  std::int32_t left = std::clamp(request.response_partition_limit, 1, kPartitionsMax);
  for (const auto& name : names(context, request)) {
    const auto topic = context.image->topic(std::string_view(name));
    const bool resumed = request.cursor && request.cursor->topic_name == name;
    if (!topic) {
      if (resumed && request.topics.empty()) continue;  // deleted between two pages
      auto& out = response.topics.emplace_back();
      out.name = name;
      const bool legal = controller::validate_topic_name(name).has_value();
      out.error_code = legal ? ErrorCode::kUnknownTopicOrPartition : ErrorCode::kInvalidTopicException;
      continue;
    }
    const auto first = resumed ? request.cursor->partition_index.value : 0;
    const auto end = std::int32_t(topic->partitions.size());
    if (left == 0) {
      response.next_cursor = cursor_at(name, first);
      break;
    }
    auto& out = response.topics.emplace_back();
    out.name = topic->name;
    out.topic_id = topic->id;
    out.is_internal = is_internal_topic(topic->name);
    out.topic_authorized_operations = authorized_operations(*context.connection, topic_resource(topic->name));
    const auto last = std::min(end, first + left);
    for (auto i = first; i < last; ++i) out.partitions.push_back(describe(*context.image, topic->partitions[i], i));
    left -= std::max(last - first, 0);
    if (last < end) {
      response.next_cursor = cursor_at(name, last);
      break;
    }
  }
  co_return response;
}

}  // namespace

extern const Api kDescribeTopicPartitions = serve<&describe_topic_partitions>;

}  // namespace thalweg::broker
