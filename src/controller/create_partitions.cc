#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "controller/assignment.h"
#include "controller/batch_limit.h"
#include "controller/topics.h"

namespace thalweg::controller {
namespace {

using protocol::CreatePartitionsRequest;
using protocol::CreatePartitionsResponse;

Result<std::int32_t> partitions_to_add(const metadata::Topic& topic, std::int32_t count) {
  const auto now = static_cast<std::int32_t>(topic.partitions.size());
  if (count == now) return fail(ErrorCode::kInvalidPartitions, fmt::format("Topic already has {} partition(s).", now));
  if (count < now)
    return fail(ErrorCode::kInvalidPartitions,
                fmt::format("The topic {} currently has {} partition(s); {} would not be an increase.", topic.name, now,
                            count));
  if (static_cast<std::size_t>(count - now) > kMaxRecordsPerBatch)
    return fail(ErrorCode::kPolicyViolation, std::string(kTooManyPartitions));
  return count - now;
}

Result<std::vector<Assignment>> assignments(const metadata::Image& image, Random& random, const metadata::Topic& topic,
                                            const CreatePartitionsRequest::CreatePartitionsTopic& wanted,
                                            std::int32_t added) {
  const auto replicas = topic.partitions.front().replicas.size();
  if (!wanted.assignments) return place_replicas(image.brokers(), added, static_cast<std::int16_t>(replicas), random);
  if (wanted.assignments->size() != static_cast<std::size_t>(added))
    return fail(ErrorCode::kInvalidReplicaAssignment,
                fmt::format("{} partition(s) are to be added, but {} assignment(s) were given.", added,
                            wanted.assignments->size()));
  std::vector<Assignment> given;
  for (const auto& assignment : *wanted.assignments) {
    TRY_VOID(validate_assignment(image, assignment.broker_ids, replicas));
    given.push_back(assignment.broker_ids);
  }
  return given;
}

Result<std::vector<Record>> grow(const metadata::Image& image, Random& random,
                                 const CreatePartitionsRequest::CreatePartitionsTopic& wanted) {
  const auto topic = image.topic(wanted.name);
  if (!topic) return fail(ErrorCode::kUnknownTopicOrPartition, "This server does not host this topic-partition.");
  TRY(const auto added, partitions_to_add(*topic, wanted.count));
  TRY(const auto chosen, assignments(image, random, *topic, wanted, added));
  std::vector<Record> records;
  auto next = static_cast<std::int32_t>(topic->partitions.size());
  for (const auto& assignment : chosen) {
    TRY(auto record, new_partition(image, topic->id, PartitionId{next++}, assignment));
    records.emplace_back(std::move(record));
  }
  return records;
}

}  // namespace

Decision<CreatePartitionsResponse> create_partitions(const metadata::Image& image, Random& random,
                                                     const CreatePartitionsRequest& request) {
  Decision<CreatePartitionsResponse> decision;
  if (request.topics.size() > kMaxRecordsPerBatch) {  // each wants a record at least
    for (const auto& topic : request.topics) decision.reply.results.emplace_back().name = topic.name;
    refuse(decision.reply, {ErrorCode::kPolicyViolation, std::string(kTooManyPartitions)});
    return decision;
  }
  std::map<std::string, int> times;
  for (const auto& topic : request.topics) ++times[topic.name];
  std::size_t added = 0;
  std::set<std::string> answered;
  for (const auto& topic : request.topics) {
    if (!answered.insert(topic.name).second) continue;
    CreatePartitionsResponse::CreatePartitionsTopicResult result;
    result.name = topic.name;
    auto records =
        times[topic.name] > 1 ? fail(ErrorCode::kInvalidRequest, "Duplicate topic name.") : grow(image, random, topic);
    if (records && added + records->size() > kMaxRecordsPerBatch)
      records = fail(ErrorCode::kPolicyViolation, std::string(kTooManyPartitions));
    if (!records) {
      result.error_code = records.error().code;
      result.error_message = records.error().message;
    } else {
      added += records->size();
      if (!request.validate_only) std::ranges::move(*records, std::back_inserter(decision.records));
    }
    decision.reply.results.push_back(std::move(result));
  }
  return decision;
}

}  // namespace thalweg::controller
