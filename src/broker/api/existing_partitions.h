// Commits of offsets name topics and partitions; those that do not exist are answered here, one by one, and the
// coordinator sees the rest. For OffsetCommit and TxnOffsetCommit, whose messages are alike.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/context.h"

namespace thalweg::broker {

// The partitions of `topic` that exist stay in it, those that do not are answered in `result`, whose entries are in the
// request's order.
template <class Topic, class Result>
void keep_existing(const RequestContext& context, bool by_id, Topic& topic, Result& result) {
  const auto known = by_id ? context.image->topic(topic.topic_id) : context.image->topic(std::string_view(topic.name));
  const auto missing = by_id && !known ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
  result.name = topic.name;
  result.topic_id = topic.topic_id;
  if (known) topic.name = known->name;
  decltype(topic.partitions) here;
  for (auto& partition : topic.partitions) {
    const bool exists = known && known->partition(partition.partition_index);
    result.partitions.push_back({partition.partition_index, exists ? ErrorCode::kNone : missing});
    if (exists) here.push_back(std::move(partition));
  }
  topic.partitions = std::move(here);
}

// What the coordinator says, or failed with, for each of those that exist.
template <class Response>
void fill_in(Response& response, const Result<Response>& answer) {
  const auto failed = answer ? ErrorCode::kNone : answer.error().code;
  for (std::size_t t = 0; t < response.topics.size(); ++t) {
    std::size_t next = 0;
    for (auto& partition : response.topics[t].partitions) {
      if (partition.error_code != ErrorCode::kNone) continue;
      partition.error_code = answer ? answer->topics[t].partitions[next++].error_code : failed;
    }
  }
}

}  // namespace thalweg::broker
