#include "console/record_places.h"

#include <set>

#include "base/number.h"
#include "config/option.h"
#include "console/problem.h"
#include "console/topic_rows.h"

namespace thalweg::console {
namespace {

Outcome<PartitionId> partition_of(const metadata::Topic& topic, std::string_view text, const char* parameter) {
  const auto number = parse_number<std::int32_t>(text);
  if (!number || *number < 0) return std::unexpected(invalid(parameter, "a partition's number, from 0"));
  if (std::size_t(*number) >= topic.partitions.size())
    return std::unexpected(problem_of(ErrorCode::kUnknownTopicOrPartition,
                                      topic.name + " has no partition " + std::to_string(*number),
                                      "it has " + std::to_string(topic.partitions.size()) + ", from 0"));
  return PartitionId{*number};
}

}  // namespace

Outcome<metadata::TopicPtr> find_readable_topic(const Call& call, const std::string& name) {
  TRY(auto topic, find_topic(call, name));
  if (call.allows(broker::Operation::kRead, broker::topic_resource(name))) return topic;
  return std::unexpected(problem_of(ErrorCode::kTopicAuthorizationFailed,
                                    call.client->principal + " may not read " + name,
                                    "reading needs the operation Read on the topic"));
}

PartitionPlace place_in(const metadata::Topic& topic, PartitionId partition) {
  return {topic.name, topic.id, partition, topic.partitions.at(std::size_t(partition.value)).leader};
}

Outcome<std::vector<PartitionPlace>> places_in(const metadata::Topic& topic,
                                               const std::optional<std::string>& partitions) {
  std::set<PartitionId> wanted;
  if (partitions) {
    for (const auto& word : config::split_list(*partitions)) {
      TRY(const auto partition, partition_of(topic, word, "partitions"));
      wanted.insert(partition);
    }
  } else {
    for (std::size_t i = 0; i < topic.partitions.size() && i <= kPartitionsMax; ++i)
      wanted.insert(PartitionId{std::int32_t(i)});
  }
  if (wanted.size() > kPartitionsMax) {
    Problem problem = invalid("partitions", "at most " + std::to_string(kPartitionsMax) + " partitions");
    problem.status = 422;
    problem.hint = "choose some: partitions=0,1,2";
    return std::unexpected(std::move(problem));
  }
  std::vector<PartitionPlace> places;
  for (const auto partition : wanted) places.push_back(place_in(topic, partition));
  return places;
}

Outcome<RecordPlace> record_place(const metadata::Topic& topic, const std::string& partition,
                                  const std::string& offset) {
  TRY(const auto number, partition_of(topic, partition, "partition"));
  const auto at = parse_number<std::int64_t>(offset);
  if (!at || *at < 0) return std::unexpected(invalid("offset", "an offset, from 0"));
  return RecordPlace{place_in(topic, number), Offset{*at}};
}

}  // namespace thalweg::console
