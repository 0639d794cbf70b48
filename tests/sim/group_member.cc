#include "group_member.h"

#include <fmt/format.h>

#include "clients.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/join_group_request.h"
#include "protocol/leave_group_request.h"
#include "protocol/leave_group_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/sync_group_request.h"
#include "protocol/sync_group_response.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

const std::string kWorkers = "workers";

// An assignment is one character per partition.
SharedBytes encode(const std::vector<PartitionId>& partitions) {
  std::string text;
  for (const PartitionId partition : partitions) text += static_cast<char>('0' + partition.value);
  return SharedBytes::copy_of(text);
}
std::vector<PartitionId> decode(const SharedBytes& assignment) {
  std::vector<PartitionId> partitions;
  for (const char c : assignment.text()) partitions.push_back({c - '0'});
  return partitions;
}

std::vector<protocol::SyncGroupRequest::SyncGroupRequestAssignment> assign(const protocol::JoinGroupResponse& joined) {
  std::vector<protocol::SyncGroupRequest::SyncGroupRequestAssignment> assignments;
  const auto count = static_cast<std::int32_t>(joined.members.size());
  for (std::int32_t m = 0; m < count; ++m) {
    std::vector<PartitionId> mine;
    for (std::int32_t p = m; p < kPartitions; p += count) mine.push_back({p});
    auto& assignment = assignments.emplace_back();
    assignment.member_id = joined.members[static_cast<std::size_t>(m)].member_id;
    assignment.assignment = encode(mine);
  }
  return assignments;
}

}  // namespace

Task<> GroupMember::run() {
  while (assigned_ < assignments_) {
    const auto ended = co_await take_part();
    if (!ended) last_error_ = std::string(name(ended.error().code)) + " " + ended.error().message;
    owned_.clear();
    co_await pause(&shard_, 200ms);
  }
  done_ = true;
  co_await leave();
}

// From joining until the group wants everybody to join again, something breaks, or the member has had enough.
Task<Result<>> GroupMember::take_part() {
  if (!channel_ || !channel_->is_open()) {
    CO_TRY(channel_, co_await open_channel(&shard_));
    protocol::FindCoordinatorRequest request;
    request.key = kWorkers;
    CO_TRY(const auto found, co_await channel_->send<protocol::FindCoordinatorResponse>(
                                 std::move(request), std::int16_t{3}, shard_.clock.now() + kPatience));
    CO_TRY_VOID(judge(found.error_code, "FindCoordinator"));
  }
  CO_TRY(auto joined, co_await join());
  CO_TRY_VOID(co_await sync(std::move(joined)));
  ++assigned_;
  const auto beats = 1 + shard_.random.next() % 6;
  for (std::uint64_t i = 0; i < beats; ++i) {
    co_await pause(&shard_, 600ms);
    CO_TRY_VOID(co_await commit());
    CO_TRY_VOID(co_await heartbeat());
  }
  if (shard_.random.next() % 2 == 0) co_await leave();
  co_return Result<>();
}

Result<> GroupMember::judge(ErrorCode code, const char* what) {
  if (code == ErrorCode::kNone) return {};
  if (code == ErrorCode::kUnknownMemberId) member_id_.clear();
  if (code == ErrorCode::kNotCoordinator || code == ErrorCode::kCoordinatorNotAvailable) channel_->close();
  return fail(code, what);
}

Task<Result<protocol::JoinGroupResponse>> GroupMember::join() {
  protocol::JoinGroupRequest request;
  request.group_id = kWorkers;
  request.session_timeout_ms = 6000;
  request.rebalance_timeout_ms = 4000;
  request.member_id = member_id_;
  request.protocol_type = "consumer";
  request.protocols.push_back({"turns", SharedBytes::copy_of("any")});
  CO_TRY(auto joined, co_await channel_->send<protocol::JoinGroupResponse>(std::move(request), std::int16_t{5},
                                                                           shard_.clock.now() + kPatience));
  if (joined.error_code == ErrorCode::kMemberIdRequired) member_id_ = joined.member_id;
  CO_TRY_VOID(judge(joined.error_code, "JoinGroup"));
  member_id_ = joined.member_id;
  generation_ = joined.generation_id;
  co_return joined;
}

Task<Result<>> GroupMember::sync(protocol::JoinGroupResponse joined) {
  protocol::SyncGroupRequest request;
  request.group_id = kWorkers;
  request.generation_id = generation_;
  request.member_id = member_id_;
  if (joined.leader == member_id_) request.assignments = assign(joined);
  CO_TRY(const auto synced, co_await channel_->send<protocol::SyncGroupResponse>(std::move(request), std::int16_t{3},
                                                                                 shard_.clock.now() + kPatience));
  CO_TRY_VOID(judge(synced.error_code, "SyncGroup"));
  owned_ = decode(synced.assignment);
  for (const PartitionId partition : owned_) history_.owned(generation_, partition, member_id_);
  co_return Result<>();
}

Task<Result<>> GroupMember::heartbeat() {
  protocol::HeartbeatRequest request;
  request.group_id = kWorkers;
  request.generation_id = generation_;
  request.member_id = member_id_;
  CO_TRY(const auto response, co_await channel_->send<protocol::HeartbeatResponse>(std::move(request), std::int16_t{3},
                                                                                   shard_.clock.now() + kPatience));
  co_return judge(response.error_code, "Heartbeat");
}

Task<Result<>> GroupMember::commit() {
  if (owned_.empty()) co_return Result<>();
  protocol::OffsetCommitRequest request;
  request.group_id = kWorkers;
  request.generation_id_or_member_epoch = generation_;
  request.member_id = member_id_;
  protocol::OffsetCommitRequest::OffsetCommitRequestTopic topic;
  topic.name = kTopic;
  for (const PartitionId partition : owned_) {
    auto& commit = topic.partitions.emplace_back();
    commit.partition_index = partition;
    commit.committed_offset = Offset{generation_};
  }
  request.topics.push_back(topic);
  const std::int32_t newest = history_.newest_generation();
  CO_TRY(const auto response, co_await channel_->send<protocol::OffsetCommitResponse>(
                                  std::move(request), std::int16_t{7}, shard_.clock.now() + kPatience));
  for (const auto& partition : response.topics.at(0).partitions)
    CO_TRY_VOID(judge(partition.error_code, "OffsetCommit"));
  history_.committed_in(generation_, newest);
  co_return Result<>();
}

Task<> GroupMember::leave() {
  if (member_id_.empty() || !channel_ || !channel_->is_open()) co_return;
  protocol::LeaveGroupRequest request;
  request.group_id = kWorkers;
  request.member_id = std::exchange(member_id_, {});
  co_await channel_->send<protocol::LeaveGroupResponse>(std::move(request), std::int16_t{1},
                                                        shard_.clock.now() + kPatience);
}

}  // namespace thalweg::simulation
