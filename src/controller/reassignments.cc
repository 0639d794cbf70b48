#include "controller/reassignments.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "controller/assignment.h"
#include "controller/leader_election.h"

namespace thalweg::controller {
namespace {

using AlterRequest = protocol::AlterPartitionReassignmentsRequest;
using AlterResponse = protocol::AlterPartitionReassignmentsResponse;
using ListRequest = protocol::ListPartitionReassignmentsRequest;
using ListResponse = protocol::ListPartitionReassignmentsResponse;
using Ids = std::vector<BrokerId>;

Ids difference(const Ids& ids, const Ids& taken) {
  Ids rest;
  std::ranges::copy_if(ids, std::back_inserter(rest), [&](BrokerId id) { return !contains(taken, id); });
  return rest;
}

// One partition of the request, found in the image.
struct Place {
  const metadata::Image& image;
  const Standing standing;
  const metadata::Topic& topic;
  PartitionId id;
  const metadata::Partition& partition;
  const TopicRules rules;

  PartitionChange change() const { return {topic.id, id, partition, standing, rules}; }
};

Result<> check_count(const metadata::Partition& partition, const Ids& target) {
  const auto now = difference(partition.replicas, partition.removing_replicas).size();
  if (now == target.size()) return {};
  return fail(ErrorCode::kInvalidReplicationFactor,
              fmt::format("The replication factor is not to change, but it would from {} to {}.", now, target.size()));
}

Result<std::optional<Record>> reassign(const Place& place, const Ids& target, bool may_change_count) {
  TRY_VOID(validate_assignment(place.image, target, std::nullopt));
  if (!may_change_count) TRY_VOID(check_count(place.partition, target));
  const auto& replicas = place.partition.replicas;
  const auto removing = difference(replicas, target);
  const auto adding = difference(target, difference(replicas, place.partition.adding_replicas));
  // Those that leave stay at the end until those that come are in sync.
  auto all = target;
  all.insert(all.end(), removing.begin(), removing.end());
  auto change = place.change();
  return change.replicas(std::move(all)).removing(removing).adding(adding).build();
}

Result<std::optional<Record>> cancel(const Place& place) {
  const auto& partition = place.partition;
  if (!partition.reassigning()) return fail(ErrorCode::kNoReassignmentInProgress, "No reassignment is under way.");
  auto change = place.change();
  auto isr = difference(partition.isr, partition.adding_replicas);
  const auto replicas = difference(partition.replicas, partition.adding_replicas);
  if (isr.empty()) {
    if (!place.rules.unclean)
      return fail(ErrorCode::kInvalidReplicaAssignment,
                  "None of the replicas to return to is in sync, and unclean leader election is not allowed.");
    // What the first replica has becomes the truth; it says so by recovering first.
    change.elect(Election::kUnclean).recovery(metadata::LeaderRecovery::kRecovering);
    isr = {replicas.front()};
  }
  return change.isr(std::move(isr)).replicas(replicas).removing({}).adding({}).build();
}

Result<std::optional<Record>> alter(const metadata::Image& image, const Options& options, const std::string& name,
                                    const AlterRequest::ReassignablePartition& wanted, bool may_change_count) {
  const auto topic = image.topic(name);
  if (!topic) return fail(ErrorCode::kUnknownTopicOrPartition, fmt::format("There is no topic {}.", name));
  const auto* partition = topic->partition(wanted.partition_index);
  if (!partition)
    return fail(ErrorCode::kUnknownTopicOrPartition,
                fmt::format("There is no partition {}-{}.", name, wanted.partition_index.value));
  const Place place{image, Standing(image), *topic, wanted.partition_index, *partition, rules_of(image, options, name)};
  return wanted.replicas ? reassign(place, *wanted.replicas, may_change_count) : cancel(place);
}

void list(const metadata::Topic& topic, const std::vector<PartitionId>& ids, ListResponse& response) {
  ListResponse::OngoingTopicReassignment out;
  out.name = topic.name;
  for (const auto id : ids) {
    const auto* partition = topic.partition(id);
    if (!partition || !partition->reassigning()) continue;
    auto& ongoing = out.partitions.emplace_back();
    ongoing.partition_index = id;
    ongoing.replicas = partition->replicas;
    ongoing.adding_replicas = partition->adding_replicas;
    ongoing.removing_replicas = partition->removing_replicas;
  }
  if (!out.partitions.empty()) response.topics.push_back(std::move(out));
}

}  // namespace

Decision<AlterResponse> alter_partition_reassignments(const metadata::Image& image, const Options& options,
                                                      const AlterRequest& request) {
  Decision<AlterResponse> decision;
  decision.reply.error_message.reset();
  decision.reply.allow_replication_factor_change = request.allow_replication_factor_change;
  std::set<std::pair<std::string, PartitionId>> seen;  // each change starts from the same image
  for (const auto& topic : request.topics) {
    auto& out = decision.reply.responses.emplace_back();
    out.name = topic.name;
    for (const auto& partition : topic.partitions) {
      auto& result = out.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      auto record = seen.emplace(topic.name, partition.partition_index).second
                        ? alter(image, options, topic.name, partition, request.allow_replication_factor_change)
                        : fail(ErrorCode::kInvalidRequest, "The partition is named twice.");
      result.error_code = record ? ErrorCode::kNone : record.error().code;
      result.error_message = record ? std::nullopt : std::optional(record.error().message);
      if (record && *record) decision.records.push_back(**std::move(record));
    }
  }
  return decision;
}

ListResponse list_partition_reassignments(const metadata::Image& image, const ListRequest& request) {
  ListResponse response;
  response.error_message.reset();
  if (request.topics) {
    for (const auto& wanted : *request.topics)
      if (const auto topic = image.topic(wanted.name)) list(*topic, wanted.partition_indexes, response);
    return response;
  }
  for (const auto& [name, topic] : image.topics()) {
    std::vector<PartitionId> all;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) all.push_back(PartitionId{static_cast<std::int32_t>(i)});
    list(*topic, all, response);
  }
  return response;
}

}  // namespace thalweg::controller
