#include "controller/elections.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "controller/leader_election.h"

namespace thalweg::controller {
namespace {

constexpr std::int8_t kPreferredElection = 0, kUncleanElection = 1;

// Kafka's words for these codes: its controller sends them too.
constexpr std::string_view kNotNeeded = "Leader election not needed for topic partition.";
constexpr std::string_view kPreferredNotAvailable = "The preferred leader was not available.";
constexpr std::string_view kEligibleNotAvailable = "Eligible topic partition leaders are not available.";

Error error(ErrorCode code, std::string_view message) { return {code, std::string(message)}; }

Result<Record> elect(const Standing& standing, const Options& options, std::int8_t type, const std::string& name,
                     PartitionId id) {
  const auto topic = standing.image().topic(name);
  if (!topic) return std::unexpected(error(ErrorCode::kUnknownTopicOrPartition, "No such topic as " + name));
  const auto* partition = topic->partition(id);
  if (!partition)
    return std::unexpected(
        error(ErrorCode::kUnknownTopicOrPartition, fmt::format("No such partition as {}-{}", name, id.value)));
  const bool needed =
      type == kPreferredElection ? partition->leader != partition->replicas.front() : partition->leader == kNoBroker;
  if (!needed) return std::unexpected(error(ErrorCode::kElectionNotNeeded, kNotNeeded));
  PartitionChange change(topic->id, id, *partition, standing, rules_of(standing.image(), options, name));
  change.elect(type == kPreferredElection ? Election::kPreferred : Election::kUnclean);
  auto record = change.build();
  const auto* elected = record ? std::get_if<protocol::PartitionChangeRecord>(&*record) : nullptr;
  const bool reached = elected && (type == kUncleanElection ? elected->leader.value >= 0
                                                            : elected->leader == partition->replicas.front());
  if (reached) return *std::move(record);
  return std::unexpected(type == kPreferredElection
                             ? error(ErrorCode::kPreferredLeaderNotAvailable, kPreferredNotAvailable)
                             : error(ErrorCode::kEligibleLeadersNotAvailable, kEligibleNotAvailable));
}

using ElectResponse = protocol::ElectLeadersResponse;

ElectResponse::PartitionResult result_of(PartitionId id, const Result<Record>& outcome) {
  ElectResponse::PartitionResult result;
  result.partition_id = id;
  result.error_message.reset();
  if (outcome) return result;
  result.error_code = outcome.error().code;
  if (!outcome.error().message.empty()) result.error_message = outcome.error().message;
  return result;
}

}  // namespace

ElectResponse refused_elections(const protocol::ElectLeadersRequest& request, const Error& error) {
  ElectResponse response;
  response.error_code = error.code;
  if (!request.topic_partitions) return response;
  for (const auto& topic : *request.topic_partitions) {
    auto& out = response.replica_election_results.emplace_back();
    out.topic = topic.topic;
    for (const auto id : topic.partitions) out.partition_result.push_back(result_of(id, std::unexpected(error)));
  }
  return response;
}

Decision<ElectResponse> elect_leaders(const Standing& standing, const Options& options,
                                      const protocol::ElectLeadersRequest& request) {
  Decision<ElectResponse> decision;
  if (request.election_type != kPreferredElection && request.election_type != kUncleanElection) {
    decision.reply = refused_elections(
        request,
        error(ErrorCode::kInvalidRequest, fmt::format("There is no election type {}.", request.election_type)));
    return decision;
  }
  const auto run = [&](const std::string& topic, const std::vector<PartitionId>& ids, bool all) {
    ElectResponse::ReplicaElectionResult result;
    result.topic = topic;
    for (const auto id : ids) {
      auto outcome = elect(standing, options, request.election_type, topic, id);
      // Asked for all, the ones that need no election are not worth a word.
      if (all && !outcome && outcome.error().code == ErrorCode::kElectionNotNeeded) continue;
      result.partition_result.push_back(result_of(id, outcome));
      if (outcome) decision.records.push_back(*std::move(outcome));
    }
    if (!result.partition_result.empty()) decision.reply.replica_election_results.push_back(std::move(result));
  };
  if (request.topic_partitions) {
    for (const auto& topic : *request.topic_partitions) run(topic.topic, topic.partitions, false);
    return decision;
  }
  for (const auto& [name, topic] : standing.image().topics()) {
    std::vector<PartitionId> ids;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) ids.push_back(PartitionId{static_cast<std::int32_t>(i)});
    run(name, ids, true);
  }
  return decision;
}

}  // namespace thalweg::controller
