// Committed offsets: commit, fetch, delete, expire.
#include <algorithm>

#include "base/log.h"
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

// Kafka counts UTF-16, and clients may use up what that allows.
std::size_t utf16_length(std::string_view utf8) {
  std::size_t length = 0;
  for (const unsigned char byte : utf8) {
    const bool continues = (byte & 0xC0) == 0x80, is_pair = byte >= 0xF0;
    length += continues ? 0 : is_pair ? 2 : 1;
  }
  return length;
}

// Whether the commit is one batch of the log, for half of it must never be found there. Only large ones are measured;
// what cannot be encoded at all is the journal's to refuse.
bool fits_one_append(const std::vector<OffsetsRecord>& commit, std::size_t bytes_max) {
  constexpr std::size_t kNumbersMax = 128;  // all of a record but its strings
  std::size_t bound = 0, exact = 0;
  for (const auto& record : commit) {
    const auto& offset = std::get<OffsetRecord>(record);
    bound += kNumbersMax + offset.group.size() + offset.topic.size() + offset.value->metadata.size();
  }
  if (bound <= bytes_max) return true;
  for (const auto& record : commit) exact += size_in_batch(record).value_or(0);
  return exact <= bytes_max;
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
      if (error == ErrorCode::kNone && partition.committed_metadata &&
          utf16_length(*partition.committed_metadata) > config_.offset_metadata_length_max)
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
  step.reply(id, OffsetFetchResponse::OffsetFetchResponseGroup{
                     .group_id = request.group.group_id,
                     .topics = request.group.topics ? offsets.fetch(*request.group.topics) : offsets.fetch_all()});
  return std::move(step.effects);
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
        if (!in_use && group->offsets.find(topic.name, partition.partition_index))
          forget(request.group_id, {{topic.name, partition.partition_index}}, step);
      }
    }
  }
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

Effects GroupMachine::on(const TopicsDeleted& request, const RequestContext& context, RequestId id, Instant now,
                         Timestamp wall) {
  Step step = this->step(now, wall, &context);
  for (const auto& [group_id, group] : groups_)
    for (const auto& topic : request.topics) forget(group_id, group.offsets.of_topic(topic), step);
  step.reply(id, Done{});
  return std::move(step.effects);
}

void GroupMachine::forget(const std::string& group, const std::vector<TopicPartition>& offsets, Step& step) {
  for (const auto& tp : offsets) step.append(OffsetRecord{group, tp.topic, tp.partition, std::nullopt});
}

// Also removes groups of which nothing is left.
void GroupMachine::expire_offsets(Step& step) {
  for (const auto& [group_id, group] : groups_) {
    const auto expired = group.offsets.expired(group.classic, step.wall, config_.offsets_retention);
    forget(group_id, expired, step);
    if (!group.classic.is_vacant() || expired.size() != group.offsets.all().size()) continue;
    log::info("group forgotten: it has no members, and its offsets are too old", field("group", group_id));
    step.append(GroupRecord{group_id, std::nullopt});
  }
  step.set_timer({.kind = TimerKey::Kind::kRetention}, config_.offsets_retention_check);
}

}  // namespace thalweg::group
