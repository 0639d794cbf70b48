#include "admin/offsets.h"

#include <set>

#include "admin/coordinator.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/offset_delete_request.h"
#include "protocol/offset_delete_response.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

template <class T>
using ByPartition = std::map<TopicPartition, Result<T>>;

// Splits what is asked by the leaders of the partitions. Partitions without one get their error into `answers`.
template <class Asked, class T>
Task<Result<std::map<BrokerId, std::map<TopicPartition, Asked>>>> by_leader(Client& client,
                                                                            std::map<TopicPartition, Asked> asked,
                                                                            ByPartition<T>& answers, Instant deadline) {
  std::set<std::string> names;
  for (const auto& [tp, what] : asked) names.insert(tp.topic);
  CO_TRY(const auto metadata,
         co_await client.metadata(std::vector<std::string>(names.begin(), names.end()), false, deadline));
  std::map<TopicPartition, BrokerId> leaders;
  std::map<std::string, ErrorCode> topic_errors;
  for (const auto& topic : metadata.topics) {
    topic_errors[topic.name.value_or("")] = topic.error_code;
    for (const auto& p : topic.partitions) leaders[{topic.name.value_or(""), p.partition_index}] = p.leader_id;
  }
  std::map<BrokerId, std::map<TopicPartition, Asked>> split;
  for (auto& [tp, what] : asked) {
    const auto leader = leaders.find(tp);
    ErrorCode error = topic_errors.contains(tp.topic) ? topic_errors[tp.topic] : ErrorCode::kUnknownTopicOrPartition;
    if (error == ErrorCode::kNone && leader == leaders.end()) error = ErrorCode::kUnknownTopicOrPartition;
    if (error == ErrorCode::kNone && leader->second == kNoBroker) error = ErrorCode::kLeaderNotAvailable;
    if (error != ErrorCode::kNone)
      answers.insert_or_assign(tp, std::unexpected(error_of(error)));
    else
      split[leader->second].emplace(tp, std::move(what));
  }
  co_return split;
}

// Removes from `asked` what has a final answer. A topic that does not exist is one: nothing here creates it.
template <class Asked, class T>
Error drop_answered(std::map<TopicPartition, Asked>& asked, const ByPartition<T>& answers) {
  Error passing{ErrorCode::kNone, {}};
  std::erase_if(asked, [&](const auto& entry) {
    const auto at = answers.find(entry.first);
    if (at == answers.end()) return false;
    if (at->second || at->second.error().code == ErrorCode::kUnknownTopicOrPartition) return true;
    if (!is_retriable(at->second.error().code)) return true;
    passing = at->second.error();
    return false;
  });
  return passing;
}

Task<> list_at(Client& client, BrokerId leader, std::map<TopicPartition, std::int64_t> asked, bool read_committed,
               ByPartition<OffsetAt>& answers, Instant deadline) {
  ListOffsetsRequest request;
  request.replica_id = kNoBroker;
  request.isolation_level = read_committed ? 1 : 0;
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  for (const auto& [tp, timestamp] : asked) {
    if (request.topics.empty() || request.topics.back().name != tp.topic) request.topics.push_back({tp.topic, {}});
    auto& partition = request.topics.back().partitions.emplace_back();
    partition.partition_index = tp.partition;
    partition.timestamp = timestamp;
  }
  const auto channel = co_await client.to(leader, deadline);
  Result<ListOffsetsResponse> response;
  if (channel)
    response = co_await send<ListOffsetsResponse>(*channel, std::move(request), client.request_deadline(deadline));
  else
    response = std::unexpected(channel.error());
  if (!response) {
    for (const auto& [tp, timestamp] : asked) answers.insert_or_assign(tp, std::unexpected(response.error()));
    co_return;
  }
  for (const auto& topic : response->topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.partition_index};
      if (p.error_code != ErrorCode::kNone)
        answers.insert_or_assign(tp, std::unexpected(error_of(p.error_code)));
      else
        answers.insert_or_assign(tp, OffsetAt{p.offset, p.timestamp, p.leader_epoch});
    }
}

Task<> delete_at(Client& client, BrokerId leader, std::map<TopicPartition, Offset> asked, ByPartition<Offset>& answers,
                 Instant deadline) {
  DeleteRecordsRequest request;
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  for (const auto& [tp, offset] : asked) {
    if (request.topics.empty() || request.topics.back().name != tp.topic) request.topics.push_back({tp.topic, {}});
    request.topics.back().partitions.push_back({tp.partition, offset});
  }
  const auto channel = co_await client.to(leader, deadline);
  Result<DeleteRecordsResponse> response;
  if (channel)
    response = co_await send<DeleteRecordsResponse>(*channel, std::move(request), client.request_deadline(deadline));
  else
    response = std::unexpected(channel.error());
  if (!response) {
    for (const auto& [tp, offset] : asked) answers.insert_or_assign(tp, std::unexpected(response.error()));
    co_return;
  }
  for (const auto& topic : response->topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.partition_index};
      if (p.error_code != ErrorCode::kNone)
        answers.insert_or_assign(tp, std::unexpected(error_of(p.error_code)));
      else
        answers.insert_or_assign(tp, p.low_watermark);
    }
}

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

}  // namespace

Task<Result<std::map<TopicPartition, Result<OffsetAt>>>> list_offsets(Client& client,
                                                                      std::map<TopicPartition, std::int64_t> at,
                                                                      bool read_committed) {
  const Instant deadline = client.api_deadline();
  ByPartition<OffsetAt> answers;
  for (Retry retry(client, deadline);;) {
    auto split = co_await by_leader(client, at, answers, deadline);
    if (!split && !co_await retry.again(split.error())) co_return std::unexpected(split.error());
    if (!split) continue;
    for (const auto& [leader, asked] : *split)
      co_await list_at(client, leader, asked, read_committed, answers, deadline);
    const Error passing = drop_answered(at, answers);
    if (passing.code == ErrorCode::kNone || !co_await retry.again(passing)) co_return answers;
  }
}

Task<Result<std::map<TopicPartition, Result<Offset>>>> delete_records(Client& client,
                                                                      std::map<TopicPartition, Offset> before) {
  const Instant deadline = client.api_deadline();
  ByPartition<Offset> answers;
  for (Retry retry(client, deadline);;) {
    auto split = co_await by_leader(client, before, answers, deadline);
    if (!split && !co_await retry.again(split.error())) co_return std::unexpected(split.error());
    if (!split) continue;
    for (const auto& [leader, asked] : *split) co_await delete_at(client, leader, asked, answers, deadline);
    const Error passing = drop_answered(before, answers);
    if (passing.code == ErrorCode::kNone || !co_await retry.again(passing)) co_return answers;
  }
}

Task<Result<CommittedOffsets>> fetch_offsets(Client& client, std::string group) {
  OffsetFetchRequest request;
  auto& wanted = request.groups.emplace_back();
  wanted.group_id = group;
  wanted.topics.reset();  // all
  constexpr std::int16_t kByGroups = 8, kByTopicNames = 9;
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
  constexpr std::int16_t kByTopicNames = 9;
  CO_TRY(const auto response,
         co_await ask_coordinator<OffsetCommitResponse>(
             client, group, std::move(request), OffsetCommitRequest::kMinVersion, kByTopicNames, error_in_commit));
  std::map<TopicPartition, ErrorCode> errors;
  for (const auto& topic : response.topics)
    for (const auto& p : topic.partitions) errors[{topic.name, p.partition_index}] = p.error_code;
  co_return errors;
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
  std::map<TopicPartition, ErrorCode> errors;
  for (const auto& topic : response.topics)
    for (const auto& p : topic.partitions) errors[{topic.name, p.partition_index}] = p.error_code;
  co_return errors;
}

}  // namespace thalweg::admin
