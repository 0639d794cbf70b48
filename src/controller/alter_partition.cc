// A partition's leader says who is in sync. The order of the checks is Kafka's, since clients of the protocol tell by
// the first error what to do: another controller, another epoch, or drop the proposal.
#include <algorithm>
#include <utility>

#include "controller/brokers.h"
#include "controller/elections.h"
#include "controller/leader_election.h"
#include "metadata/image_builder.h"

namespace thalweg::controller {
namespace {

using protocol::AlterPartitionRequest;
using protocol::AlterPartitionResponse;

std::vector<BrokerId> wanted_isr(const AlterPartitionRequest::PartitionData& wanted, std::int16_t version) {
  if (version < 3) return wanted.new_isr;
  std::vector<BrokerId> isr;
  for (const auto& state : wanted.new_isr_with_epochs) isr.push_back(state.broker_id);
  return isr;
}

// Registered, active, with this epoch (-1: whichever), and its directory is not known to be gone. The last is ours: who
// may not stay in sync would be taken out again at once.
bool eligible(const Standing& standing, const metadata::Partition& partition, BrokerId id, std::int64_t epoch) {
  const auto* broker = standing.broker(id);
  return standing.serves(partition, id) && (epoch == -1 || epoch == broker->epoch);
}

ErrorCode check_epochs(const metadata::Partition& partition, const AlterPartitionRequest::PartitionData& wanted,
                       BrokerId from) {
  // A leader ahead of us has heard from a newer controller.
  if (wanted.leader_epoch > partition.leader_epoch || wanted.partition_epoch > partition.partition_epoch)
    return ErrorCode::kNotController;
  if (wanted.leader_epoch < partition.leader_epoch) return ErrorCode::kFencedLeaderEpoch;
  if (from != partition.leader) return ErrorCode::kInvalidRequest;
  if (wanted.partition_epoch < partition.partition_epoch) return ErrorCode::kInvalidUpdateVersion;
  return ErrorCode::kNone;
}

ErrorCode check_isr(const Standing& standing, const metadata::Partition& partition,
                    const AlterPartitionRequest::PartitionData& wanted, const std::vector<BrokerId>& isr,
                    std::int16_t version) {
  const auto has = [](const std::vector<BrokerId>& ids, BrokerId id) {
    return std::ranges::find(ids, id) != ids.end();
  };
  for (const auto id : isr)
    if (!has(partition.replicas, id) || std::ranges::count(isr, id) > 1) return ErrorCode::kInvalidRequest;
  if (has(isr, partition.leader) == wanted.log_offline) return ErrorCode::kInvalidRequest;
  const auto recovery = static_cast<metadata::LeaderRecovery>(wanted.leader_recovery_state);
  if (recovery != metadata::LeaderRecovery::kRecovered && recovery != metadata::LeaderRecovery::kRecovering)
    return ErrorCode::kInvalidRequest;
  if (recovery == metadata::LeaderRecovery::kRecovering) {
    if (isr.size() > 1 || partition.leader_recovery == metadata::LeaderRecovery::kRecovered)
      return ErrorCode::kInvalidRequest;
  }
  for (std::size_t i = 0; i < isr.size(); ++i) {
    const auto epoch = version < 3 ? -1 : wanted.new_isr_with_epochs[i].broker_epoch;
    if (!eligible(standing, partition, isr[i], epoch)) return ErrorCode::kIneligibleReplica;
  }
  return ErrorCode::kNone;
}

// What was asked under this partition epoch, and is on its way still, comes to nothing from now on.
Record nothing_more(Uuid topic, PartitionId id, const metadata::Partition& partition) {
  protocol::PartitionChangeRecord record;
  record.partition_id = id;
  record.topic_id = topic;
  record.isr = partition.isr;
  return Record(std::move(record));
}

// A leader whose log is offline goes, and what it has counts for nothing until it has caught up again. Only for
// somebody who has all that was acknowledged: until there is one, it stays.
std::optional<Record> given_up(PartitionChange& change, std::vector<BrokerId> isr,
                               const metadata::Partition& partition) {
  change.lost(partition.leader).isr(std::move(isr));
  auto record = change.build();
  if (!record) return std::nullopt;
  auto next = partition;
  metadata::apply_change(next, std::get<protocol::PartitionChangeRecord>(*record));
  if (next.leader == kNoBroker || next.leader == partition.leader) return std::nullopt;
  return record;
}

// The new state goes into the reply, so that the leader need not wait for its image.
void tell(AlterPartitionResponse::PartitionData& result, const metadata::Partition& now) {
  result.leader_id = now.leader;
  result.leader_epoch = now.leader_epoch;
  result.isr = now.isr;
  result.leader_recovery_state = static_cast<std::int8_t>(now.leader_recovery);
  result.partition_epoch = now.partition_epoch;
}

AlterPartitionResponse::PartitionData altered(const Standing& standing, const Options& options,
                                              const metadata::Topic& topic,
                                              const AlterPartitionRequest::PartitionData& wanted, BrokerId from,
                                              std::int16_t version, std::vector<Record>& records) {
  AlterPartitionResponse::PartitionData result;
  result.partition_index = wanted.partition_index;
  const auto* partition = topic.partition(wanted.partition_index);
  if (!partition) {
    result.error_code = ErrorCode::kUnknownTopicOrPartition;
    return result;
  }
  auto isr = wanted_isr(wanted, version);
  result.error_code = check_epochs(*partition, wanted, from);
  if (result.error_code == ErrorCode::kNone && wanted.withdrawn) {
    records.push_back(nothing_more(topic.id, wanted.partition_index, *partition));
    return result;
  }
  if (result.error_code == ErrorCode::kNone) result.error_code = check_isr(standing, *partition, wanted, isr, version);
  if (result.error_code != ErrorCode::kNone) return result;

  const auto rules = rules_of(standing.image(), options, topic.name);
  PartitionChange change(topic.id, wanted.partition_index, *partition, standing, rules);
  if (wanted.log_offline) {
    auto record = given_up(change, std::move(isr), *partition);
    result.error_code = record ? ErrorCode::kNewLeaderElected : ErrorCode::kIneligibleReplica;
    if (record) records.push_back(*std::move(record));
    return result;
  }
  if (rules.unclean) change.elect(Election::kUnclean);
  change.isr(std::move(isr)).recovery(static_cast<metadata::LeaderRecovery>(wanted.leader_recovery_state));
  auto record = change.build();
  metadata::Partition next = *partition;
  if (record) {
    metadata::apply_change(next, std::get<protocol::PartitionChangeRecord>(*record));
    records.push_back(*std::move(record));
  }
  // The end of a reassignment may have moved leadership away from whoever asks.
  if (next.leader == from)
    tell(result, next);
  else
    result.error_code = ErrorCode::kNewLeaderElected;
  return result;
}

}  // namespace

Decision<AlterPartitionResponse> alter_partition(const Standing& standing, const Options& options,
                                                 const AlterPartitionRequest& request, std::int16_t version) {
  Decision<AlterPartitionResponse> decision;
  const auto& image = standing.image();
  decision.reply.error_code = check_broker_epoch(image, request.broker_id, request.broker_epoch);
  if (decision.reply.error_code != ErrorCode::kNone) return decision;
  for (const auto& wanted : request.topics) {
    AlterPartitionResponse::TopicData result;
    result.topic_id = wanted.topic_id;
    const auto topic = image.topic(wanted.topic_id);
    for (const auto& partition : wanted.partitions) {
      if (topic) {
        result.partitions.push_back(
            altered(standing, options, *topic, partition, request.broker_id, version, decision.records));
        continue;
      }
      AlterPartitionResponse::PartitionData unknown;
      unknown.partition_index = partition.partition_index;
      unknown.error_code = ErrorCode::kUnknownTopicId;
      result.partitions.push_back(std::move(unknown));
    }
    decision.reply.topics.push_back(std::move(result));
  }
  return decision;
}

}  // namespace thalweg::controller
