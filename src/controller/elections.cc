#include "controller/elections.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "controller/leader_election.h"
#include "metadata/image_builder.h"

namespace thalweg::controller {
namespace {

constexpr std::int8_t kPreferredElection = 0, kUncleanElection = 1;

Error error(ErrorCode code, std::string message = {}) { return {code, std::move(message)}; }

PartitionChange::IsActive active_in(const metadata::Image& image) {
  return [&image](BrokerId id) { return is_active(image, id); };
}

Result<Record> elect(const metadata::Image& image, const Options& options, std::int8_t type, const std::string& name,
                     PartitionId id) {
  const auto topic = image.topic(name);
  if (!topic) return std::unexpected(error(ErrorCode::kUnknownTopicOrPartition, "No such topic as " + name));
  const auto* partition = topic->partition(id);
  if (!partition)
    return std::unexpected(
        error(ErrorCode::kUnknownTopicOrPartition, fmt::format("No such partition as {}-{}", name, id.value)));
  const bool needed =
      type == kPreferredElection ? partition->leader != partition->replicas.front() : partition->leader == kNoBroker;
  if (!needed) return std::unexpected(error(ErrorCode::kElectionNotNeeded));
  PartitionChange change(topic->id, id, *partition, active_in(image));
  change.min_isr(min_isr_for_elr(image, options, name));
  change.elect(type == kPreferredElection ? Election::kPreferred : Election::kUnclean);
  auto record = change.build();
  const auto* elected = record ? std::get_if<protocol::PartitionChangeRecord>(&*record) : nullptr;
  const bool reached = elected && (type == kUncleanElection ? elected->leader.value >= 0
                                                            : elected->leader == partition->replicas.front());
  if (reached) return *std::move(record);
  return std::unexpected(error(type == kPreferredElection ? ErrorCode::kPreferredLeaderNotAvailable
                                                          : ErrorCode::kEligibleLeadersNotAvailable));
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

Decision<ElectResponse> elect_leaders(const metadata::Image& image, const Options& options,
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
      auto outcome = elect(image, options, request.election_type, topic, id);
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
  for (const auto& [name, topic] : image.topics()) {
    std::vector<PartitionId> ids;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) ids.push_back(PartitionId{static_cast<std::int32_t>(i)});
    run(name, ids, true);
  }
  return decision;
}

namespace {

using AlterRequest = protocol::AlterPartitionRequest;
using AlterResponse = protocol::AlterPartitionResponse;

std::vector<BrokerId> wanted_isr(const AlterRequest::PartitionData& wanted, std::int16_t version) {
  if (version < 3) return wanted.new_isr;
  std::vector<BrokerId> isr;
  for (const auto& state : wanted.new_isr_with_epochs) isr.push_back(state.broker_id);
  return isr;
}

bool eligible(const metadata::Image& image, BrokerId id, std::int64_t epoch) {
  const auto* broker = image.broker(id);
  return broker && broker->active() && (epoch == -1 || epoch == broker->epoch);
}

ErrorCode check_epochs(const metadata::Partition& partition, const AlterRequest::PartitionData& wanted, BrokerId from) {
  // A leader ahead of us has heard from a newer controller.
  if (wanted.leader_epoch > partition.leader_epoch || wanted.partition_epoch > partition.partition_epoch)
    return ErrorCode::kNotController;
  if (wanted.leader_epoch < partition.leader_epoch) return ErrorCode::kFencedLeaderEpoch;
  if (from != partition.leader) return ErrorCode::kInvalidRequest;
  if (wanted.partition_epoch < partition.partition_epoch) return ErrorCode::kInvalidUpdateVersion;
  return ErrorCode::kNone;
}

ErrorCode check_isr(const metadata::Image& image, const metadata::Partition& partition,
                    const AlterRequest::PartitionData& wanted, const std::vector<BrokerId>& isr, std::int16_t version) {
  const auto has = [](const std::vector<BrokerId>& ids, BrokerId id) {
    return std::ranges::find(ids, id) != ids.end();
  };
  for (const auto id : isr)
    if (!has(partition.replicas, id) || std::ranges::count(isr, id) > 1) return ErrorCode::kInvalidRequest;
  if (!has(isr, partition.leader)) return ErrorCode::kInvalidRequest;
  const auto recovery = static_cast<metadata::LeaderRecovery>(wanted.leader_recovery_state);
  if (recovery == metadata::LeaderRecovery::kRecovering) {
    if (isr.size() > 1 || partition.leader_recovery == metadata::LeaderRecovery::kRecovered)
      return ErrorCode::kInvalidRequest;
  }
  for (std::size_t i = 0; i < isr.size(); ++i) {
    const auto epoch = version < 3 ? -1 : wanted.new_isr_with_epochs[i].broker_epoch;
    if (!has(partition.isr, isr[i]) && !eligible(image, isr[i], epoch)) return ErrorCode::kIneligibleReplica;
  }
  return ErrorCode::kNone;
}

// The new state goes into the reply, so that the leader need not wait for its image.
AlterResponse::PartitionData altered(const metadata::Image& image, const Options& options, const metadata::Topic& topic,
                                     const AlterRequest::PartitionData& wanted, BrokerId from, std::int16_t version,
                                     std::vector<Record>& records) {
  AlterResponse::PartitionData result;
  result.partition_index = wanted.partition_index;
  const auto* partition = topic.partition(wanted.partition_index);
  if (!partition) {
    result.error_code = ErrorCode::kUnknownTopicOrPartition;
    return result;
  }
  auto isr = wanted_isr(wanted, version);
  result.error_code = check_epochs(*partition, wanted, from);
  if (result.error_code == ErrorCode::kNone) result.error_code = check_isr(image, *partition, wanted, isr, version);
  if (result.error_code != ErrorCode::kNone) return result;

  PartitionChange change(topic.id, wanted.partition_index, *partition, active_in(image));
  change.min_isr(min_isr_for_elr(image, options, topic.name));
  change.isr(std::move(isr)).recovery(static_cast<metadata::LeaderRecovery>(wanted.leader_recovery_state));
  auto record = change.build();
  metadata::Partition next = *partition;
  if (record) {
    metadata::apply_change(next, std::get<protocol::PartitionChangeRecord>(*record));
    records.push_back(*std::move(record));
  }
  // The end of a reassignment may have moved leadership away from whoever asks.
  if (next.leader != from) {
    result.error_code = ErrorCode::kNewLeaderElected;
    return result;
  }
  result.leader_id = next.leader;
  result.leader_epoch = next.leader_epoch;
  result.isr = next.isr;
  result.leader_recovery_state = static_cast<std::int8_t>(next.leader_recovery);
  result.partition_epoch = next.partition_epoch;
  return result;
}

}  // namespace

Decision<AlterResponse> alter_partition(const metadata::Image& image, const Options& options,
                                        const AlterRequest& request, std::int16_t version) {
  Decision<AlterResponse> decision;
  const auto* broker = image.broker(request.broker_id);
  if (!broker || broker->epoch != request.broker_epoch) {
    decision.reply.error_code = broker ? ErrorCode::kStaleBrokerEpoch : ErrorCode::kBrokerIdNotRegistered;
    return decision;
  }
  for (const auto& wanted : request.topics) {
    AlterResponse::TopicData result;
    result.topic_id = wanted.topic_id;
    const auto topic = image.topic(wanted.topic_id);
    for (const auto& partition : wanted.partitions) {
      if (topic) {
        result.partitions.push_back(
            altered(image, options, *topic, partition, request.broker_id, version, decision.records));
        continue;
      }
      AlterResponse::PartitionData unknown;
      unknown.partition_index = partition.partition_index;
      unknown.error_code = ErrorCode::kUnknownTopicId;
      result.partitions.push_back(std::move(unknown));
    }
    decision.reply.topics.push_back(std::move(result));
  }
  return decision;
}

}  // namespace thalweg::controller
