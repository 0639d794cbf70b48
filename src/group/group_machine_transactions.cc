// Offsets that are committed in transactions: pending until the transaction ends, which is said by a marker in the log.
// Source: OffsetMetadataManager.commitTransactionalOffset, replayEndTransactionMarker.
#include <variant>

#include "base/log.h"
#include "group/commit_limits.h"
#include "group/group_machine.h"

namespace thalweg::group {

using protocol::TxnOffsetCommitRequest;
using protocol::TxnOffsetCommitResponse;

namespace {

OffsetRecord pending_record(const TransactionalCommit& commit, const std::string& topic,
                            const TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition& partition, Timestamp wall) {
  const auto& request = commit.request;
  return {.group = request.group_id,
          .topic = topic,
          .partition = partition.partition_index,
          .value = protocol::OffsetCommitValue{.offset = partition.committed_offset,
                                               .leader_epoch = partition.committed_leader_epoch,
                                               .metadata = partition.committed_metadata.value_or(""),
                                               .commit_timestamp = wall},
          .producer = machine::Producer{request.producer_id, request.producer_epoch, commit.verification}};
}

void refuse_all(TxnOffsetCommitResponse& response, ErrorCode error) {
  for (auto& topic : response.topics)
    for (auto& partition : topic.partitions) partition.error_code = error;
}

}  // namespace

Effects GroupMachine::on(const TransactionalCommit& asked, const RequestContext& context, RequestId id, Instant now,
                         Timestamp wall) {
  const auto& request = asked.request;
  Step step = this->step(now, wall, &context);
  const auto refused = check_transactional_commit(request);
  TxnOffsetCommitResponse response;
  for (const auto& topic : request.topics) {
    auto& result = response.topics.emplace_back();
    result.name = topic.name;
    result.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions) {
      auto error = refused;
      if (error == ErrorCode::kNone && !metadata_fits(partition.committed_metadata, config_))
        error = ErrorCode::kOffsetMetadataTooLarge;
      result.partitions.push_back({partition.partition_index, error});
      if (error == ErrorCode::kNone) step.append(pending_record(asked, topic.name, partition, wall));
    }
  }
  auto& commit = step.effects.append;
  if (!fits_one_append(commit, config_.append_bytes_max)) {
    commit.clear();
    refuse_all(response, ErrorCode::kUnknownServerError);
  } else if (!has_room_for(commit)) {
    log::warn("too much is pending in transactions, a commit has to wait", field("group", request.group_id),
              field("transactional_id", request.transactional_id), field("pending_bytes", pending_.bytes()));
    commit.clear();
    // What clients of every age wait for, at the coordinator that they know.
    refuse_all(response, ErrorCode::kCoordinatorLoadInProgress);
  }
  if (!commit.empty() && !find(request.group_id)) say_created(request.group_id, step);
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

ErrorCode GroupMachine::check_transactional_commit(const TxnOffsetCommitRequest& request) {
  if (request.group_id.empty() || request.group_id.size() > kStringMax) return ErrorCode::kInvalidGroupId;
  // No producer has such ids; to the log a batch with them would be outside of transactions.
  if (request.producer_id < ProducerId{0}) return ErrorCode::kInvalidProducerIdMapping;
  if (request.producer_epoch < ProducerEpoch{0}) return ErrorCode::kInvalidProducerEpoch;
  const std::int32_t generation = request.generation_id_or_member_epoch;
  if (const Group* group = find(request.group_id))
    return group->classic.check_transactional_commit({request.member_id, request.group_instance_id}, generation);
  return generation < 0 ? ErrorCode::kNone : ErrorCode::kIllegalGeneration;
}

bool GroupMachine::has_room_for(const std::vector<OffsetsRecord>& commit) const {
  std::size_t bytes = pending_.bytes();
  for (const auto& record : commit) bytes += PendingOffsets::bytes_of(std::get<OffsetRecord>(record));
  return bytes <= config_.pending_bytes_max;
}

Effects GroupMachine::on(const TransactionEnd& end, const RequestContext& context, RequestId id, Instant now,
                         Timestamp wall) {
  Step step = this->step(now, wall, &context);
  step.append(end);
  step.reply(id, Done{});
  return std::move(step.effects);
}

}  // namespace thalweg::group
