// What handlers ask about topics.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/context.h"
#include "controller/internal_topics.h"
#include "replica/partitions.h"
#include "runtime/task.h"

namespace thalweg::broker {

using controller::is_internal_topic;
using controller::kOffsetsTopic;
using controller::kTransactionsTopic;

// Creates the topics with default settings and waits until they are in force here. Answers those that could not be,
// with why; one that somebody else created meanwhile is no failure.
Task<std::map<std::string, ErrorCode>> auto_create_topics(RequestContext context, std::vector<std::string> names);
// The same for an internal topic, with the partitions, replicas and configs that its coordinator needs.
Task<Result<>> create_internal_topic(RequestContext context, std::string name);

// In KRaft any live broker may be called controller: clients send it what only the controller decides, and it forwards.
BrokerId any_live_broker(const metadata::Image& image);

// A partition named in a request, as the image knows it.
struct FoundPartition {
  metadata::TopicPtr topic;
  const metadata::Partition* state = nullptr;  // lives as long as topic
  replica::PartitionKey key;
};
// kUnknownTopicOrPartition when there is none.
Result<FoundPartition> find_partition(const metadata::Image& image, std::string_view topic, PartitionId partition);
// kUnknownTopicId for an unknown id, kUnknownTopicOrPartition for an unknown partition of a known one.
Result<FoundPartition> find_partition(const metadata::Image& image, Uuid topic_id, PartitionId partition);

}  // namespace thalweg::broker
