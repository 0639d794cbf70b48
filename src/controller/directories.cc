#include "controller/directories.h"

#include <algorithm>
#include <utility>

#include "controller/brokers.h"
#include "controller/leader_election.h"

namespace thalweg::controller {
namespace {

using protocol::AssignReplicasToDirsRequest;
using protocol::AssignReplicasToDirsResponse;

// What one partition's new place changes; nothing if it lies there already.
std::optional<Record> moved(const Standing& standing, const metadata::Topic& topic, PartitionId id, BrokerId broker,
                            Uuid directory, const TopicRules& rules) {
  const auto& partition = *topic.partition(id);
  const Uuid from = partition.directory(broker);
  const auto* registered = standing.broker(broker);
  PartitionChange change(topic.id, id, partition, standing, rules);
  change.directory(broker, directory);
  if (rules.unclean) change.elect(Election::kUnclean);
  const bool begun_anew = from != directory && !registered->has_online(from);
  if (begun_anew) change.lost(broker);
  if (begun_anew || !registered->has_online(directory)) change.isr(without(partition.isr, broker));
  return change.build();
}

ErrorCode check(const metadata::Topic& topic, PartitionId id, BrokerId broker) {
  const auto* partition = topic.partition(id);
  if (!partition) return ErrorCode::kUnknownTopicOrPartition;
  const bool holds = std::ranges::find(partition->replicas, broker) != partition->replicas.end();
  return holds ? ErrorCode::kNone : ErrorCode::kNotLeaderOrFollower;
}

}  // namespace

Decision<AssignReplicasToDirsResponse> assign_replicas_to_dirs(const Standing& standing, const Options& options,
                                                               const AssignReplicasToDirsRequest& request) {
  Decision<AssignReplicasToDirsResponse> decision;
  const auto& image = standing.image();
  decision.reply.error_code = check_broker_epoch(image, request.broker_id, request.broker_epoch);
  if (decision.reply.error_code != ErrorCode::kNone) return decision;
  for (const auto& directory : request.directories) {
    auto& placed = decision.reply.directories.emplace_back();
    placed.id = directory.id;
    for (const auto& wanted : directory.topics) {
      const auto topic = image.topic(wanted.topic_id);
      const auto rules = topic ? rules_of(image, options, topic->name) : TopicRules();
      auto& result = placed.topics.emplace_back();
      result.topic_id = wanted.topic_id;
      for (const auto& partition : wanted.partitions) {
        const auto id = partition.partition_index;
        const auto code = topic ? check(*topic, id, request.broker_id) : ErrorCode::kUnknownTopicId;
        result.partitions.push_back({.partition_index = id, .error_code = code});
        if (code != ErrorCode::kNone) continue;
        if (auto record = moved(standing, *topic, id, request.broker_id, directory.id, rules))
          decision.records.push_back(*std::move(record));
      }
    }
  }
  return decision;
}

}  // namespace thalweg::controller
