// What groups have committed: offsets.h, as asked of their coordinators.
#include <algorithm>

#include "admin/coordinator.h"
#include "admin/offsets.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/offset_delete_request.h"
#include "protocol/offset_delete_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

constexpr std::int16_t kByTopicNames = 9;  // newer versions of commits and fetches name topics by id

ErrorCode error_in_fetch(const OffsetFetchResponse& response) {
  for (const auto& group : response.groups)
    if (group.error_code != ErrorCode::kNone) return group.error_code;
  return response.error_code;
}

ErrorCode error_in_commit(const OffsetCommitResponse& response) {
  for (const auto& topic : response.topics)
    for (const auto& p : topic.partitions)
      if (is_retriable(p.error_code) && p.error_code != ErrorCode::kUnknownTopicOrPartition) return p.error_code;
  return ErrorCode::kNone;
}

ErrorCode error_in_delete(const OffsetDeleteResponse& response) { return response.error_code; }

std::map<TopicPartition, ErrorCode> errors_by_partition(const auto& response) {
  std::map<TopicPartition, ErrorCode> errors;
  for (const auto& topic : response.topics)
    for (const auto& p : topic.partitions) errors[{topic.name, p.partition_index}] = p.error_code;
  return errors;
}

}  // namespace

Task<Result<CommittedOffsets>> fetch_offsets(Client& client, std::string group) {
  OffsetFetchRequest request;
  auto& wanted = request.groups.emplace_back();
  wanted.group_id = group;
  wanted.topics.reset();  // all
  constexpr std::int16_t kByGroups = 8;
  CO_TRY(const auto response, co_await ask_coordinator<OffsetFetchResponse>(client, group, std::move(request),
                                                                            kByGroups, kByTopicNames, error_in_fetch));
  if (const auto code = error_in_fetch(response); code != ErrorCode::kNone) co_return std::unexpected(error_of(code));
  CommittedOffsets offsets;
  for (const auto& one : response.groups)
    for (const auto& topic : one.topics)
      for (const auto& p : topic.partitions)
        if (p.error_code == ErrorCode::kNone && p.committed_offset.value >= 0)
          offsets[{topic.name, p.partition_index}] = {p.committed_offset, p.committed_leader_epoch,
                                                      p.metadata.value_or("")};
  co_return offsets;
}

Task<Result<std::map<TopicPartition, ErrorCode>>> commit_offsets(Client& client, std::string group,
                                                                 CommittedOffsets offsets, Committer committer) {
  OffsetCommitRequest request;
  request.group_id = group;
  request.generation_id_or_member_epoch = committer.generation;
  request.member_id = committer.member_id;
  for (auto& [tp, offset] : offsets) {
    if (request.topics.empty() || request.topics.back().name != tp.topic) request.topics.emplace_back().name = tp.topic;
    auto& p = request.topics.back().partitions.emplace_back();
    p.partition_index = tp.partition;
    p.committed_offset = offset.offset;
    p.committed_leader_epoch = offset.leader_epoch;
    p.committed_metadata = offset.metadata;
  }
  CO_TRY(const auto response,
         co_await ask_coordinator<OffsetCommitResponse>(
             client, group, std::move(request), OffsetCommitRequest::kMinVersion, kByTopicNames, error_in_commit));
  co_return errors_by_partition(response);
}

Task<Result<std::map<TopicPartition, ErrorCode>>> delete_offsets(Client& client, std::string group,
                                                                 std::vector<TopicPartition> partitions) {
  OffsetDeleteRequest request;
  request.group_id = group;
  std::ranges::sort(partitions);
  for (const auto& tp : partitions) {
    if (request.topics.empty() || request.topics.back().name != tp.topic) request.topics.emplace_back().name = tp.topic;
    request.topics.back().partitions.push_back({tp.partition});
  }
  CO_TRY(const auto response,
         co_await ask_coordinator<OffsetDeleteResponse>(client, group, std::move(request), 0,
                                                        OffsetDeleteRequest::kMaxVersion, error_in_delete));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(response.error_code));
  co_return errors_by_partition(response);
}

}  // namespace thalweg::admin
