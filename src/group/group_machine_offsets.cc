// Committed offsets: commit, fetch, delete, expire.
#include <algorithm>

#include "base/log.h"
#include "group/commit_limits.h"
#include "group/group_machine.h"

namespace thalweg::group {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using protocol::OffsetDeleteResponse;
using protocol::OffsetFetchResponse;

namespace {

constexpr std::int16_t kCommitTimestampVersion = 1;  // the only version in which clients date their commits
// From here on a missing group is told apart from a wrong generation (KIP-848).
constexpr std::int16_t kCommitNotFoundFrom = 9;

protocol::OffsetCommitValue value_of(const OffsetCommitRequest::OffsetCommitRequestPartition& partition,
                                     const OffsetCommitRequest& request, Uuid topic_id, const RequestContext& context,
                                     Timestamp wall) {
  const bool dated = context.version == kCommitTimestampVersion && partition.commit_timestamp >= 0;
  return {.offset = partition.committed_offset,
          .leader_epoch = partition.committed_leader_epoch,
          .metadata = partition.committed_metadata.value_or(""),
          .commit_timestamp = dated ? partition.commit_timestamp : wall,
          .expire_timestamp = request.retention_time_ms >= 0 ? wall + request.retention_time_ms : kNoTimestamp,
          .topic_id = topic_id};
}

}  // namespace

Effects GroupMachine::on(const OffsetCommitRequest& request, const RequestContext& context, RequestId id, Instant now,
                         Timestamp wall) {
  Step step = this->step(now, wall, &context);
  const auto refused = check_commit(request, context, step);
  OffsetCommitResponse response;
  for (const auto& topic : request.topics) {
    auto& result = response.topics.emplace_back();
    result.name = topic.name;
    result.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions) {
      auto error = refused;
      if (error == ErrorCode::kNone && !metadata_fits(partition.committed_metadata, config_))
        error = ErrorCode::kOffsetMetadataTooLarge;
      result.partitions.push_back({partition.partition_index, error});
      if (error != ErrorCode::kNone) continue;
      step.append(OffsetRecord{request.group_id, topic.name, partition.partition_index,
                               value_of(partition, request, topic.topic_id, context, wall)});
    }
  }
  if (!fits_one_append(step.effects.append, config_.append_bytes_max)) {
    step.effects.append.clear();
    for (auto& topic : response.topics)
      for (auto& partition : topic.partitions) partition.error_code = ErrorCode::kUnknownServerError;
  }
  if (!step.effects.append.empty() && !find(request.group_id)) say_created(request.group_id, step);
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

ErrorCode GroupMachine::check_commit(const OffsetCommitRequest& request, const RequestContext& context, Step& step) {
  if (request.group_id.size() > kStringMax) return ErrorCode::kInvalidGroupId;
  const std::int32_t generation = request.generation_id_or_member_epoch;
  if (Group* group = find(request.group_id))
    return group->classic.check_commit({request.member_id, request.group_instance_id}, generation, step);
  // A consumer that assigns itself needs no group; its first commit makes one.
  if (generation < 0) return ErrorCode::kNone;
  return context.version >= kCommitNotFoundFrom ? ErrorCode::kGroupIdNotFound : ErrorCode::kIllegalGeneration;
}

Effects GroupMachine::on(const FetchOffsets& request, const RequestContext& context, RequestId id, Instant now,
                         Timestamp wall) {
  Step step = this->step(now, wall, &context);
  static const CommittedOffsets kNone;
  const Group* group = find(request.group.group_id);
  const CommittedOffsets& offsets = group ? group->offsets : kNone;
  auto fetched = request.group.topics ? offsets.fetch(*request.group.topics) : offsets.fetch_all();
  if (request.require_stable) hide_unstable(request.group.group_id, fetched);
  step.reply(id, OffsetFetchResponse::OffsetFetchResponseGroup{.group_id = request.group.group_id,
                                                               .topics = std::move(fetched)});
  return std::move(step.effects);
}

// Where an offset is pending, whoever begins behind the committed one may process again what the open transaction has.
void GroupMachine::hide_unstable(const std::string& group, Fetched& fetched) const {
  if (!pending_.has(group)) return;
  for (auto& topic : fetched) {
    for (auto& partition : topic.partitions) {
      if (!pending_.has(group, {topic.name, partition.partition_index})) continue;
      partition = {.partition_index = partition.partition_index,
                   .committed_offset = kNoOffset,
                   .metadata = std::string(),
                   .error_code = ErrorCode::kUnstableOffsetCommit};
    }
  }
}

Effects GroupMachine::on(const protocol::OffsetDeleteRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  OffsetDeleteResponse response;
  const Group* group = find(request.group_id);
  if (!group)
    response.error_code = ErrorCode::kGroupIdNotFound;
  else if (group->classic.state() != GroupState::kEmpty && !group->classic.uses_consumer_protocol())
    response.error_code = ErrorCode::kNonEmptyGroup;  // nobody can say what such members read
  if (response.error_code == ErrorCode::kNone) {
    for (const auto& topic : request.topics) {
      auto& result = response.topics.emplace_back();
      result.name = topic.name;
      const bool in_use = group->classic.may_be_subscribed_to(topic.name);
      for (const auto& partition : topic.partitions) {
        result.partitions.push_back(
            {partition.partition_index, in_use ? ErrorCode::kGroupSubscribedToTopic : ErrorCode::kNone});
        const TopicPartition at{topic.name, partition.partition_index};
        if (!in_use && (group->offsets.find(at.topic, at.partition) || pending_.has(request.group_id, at)))
          forget(request.group_id, {at}, step);
      }
    }
  }
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

Effects GroupMachine::on(const TopicsDeleted& request, const RequestContext& context, RequestId id, Instant now,
                         Timestamp wall) {
  Step step = this->step(now, wall, &context);
  for (const auto& [group_id, group] : groups_) {
    for (const auto& topic : request.topics)
      forget(group_id, united(group.offsets.of_topic(topic), pending_.of_topic(group_id, topic)), step);
  }
  step.reply(id, Done{});
  return std::move(step.effects);
}

void GroupMachine::forget(const std::string& group, const std::vector<TopicPartition>& offsets, Step& step) {
  for (const auto& tp : offsets) step.append(OffsetRecord{group, tp.topic, tp.partition, std::nullopt});
}

// Also removes groups of which nothing is left.
void GroupMachine::expire_offsets(Step& step) {
  for (const auto& [group_id, group] : groups_) {
    auto expired = group.offsets.expired(group.classic, step.wall, config_.offsets_retention);
    // A tombstone would take what is pending with it.
    const bool in_transactions = pending_.has(group_id);
    if (in_transactions) std::erase_if(expired, [&](const auto& tp) { return pending_.has(group_id, tp); });
    forget(group_id, expired, step);
    if (in_transactions || !group.classic.is_vacant() || expired.size() != group.offsets.all().size()) continue;
    log::info("group forgotten: it has no members, and its offsets are too old", field("group", group_id));
    step.append(GroupRecord{group_id, std::nullopt});
  }
  step.set_timer({.kind = TimerKey::Kind::kRetention}, config_.offsets_retention_check);
}

}  // namespace thalweg::group
