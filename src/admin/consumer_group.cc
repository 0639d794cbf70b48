// The part of Consumer that is a member of a classic group.
#include "admin/consumer.h"
#include "admin/coordinator.h"
#include "protocol/consumer_protocol_assignment.h"
#include "protocol/consumer_protocol_subscription.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/join_group_request.h"
#include "protocol/leave_group_request.h"
#include "protocol/leave_group_response.h"
#include "protocol/sync_group_request.h"
#include "protocol/sync_group_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

constexpr std::string_view kProtocolType = "consumer";
constexpr std::string_view kAssignor = "range";
constexpr std::int16_t kMetadataVersion = 1;

// What members tell each other through the coordinator begins with its version.
template <class M>
SharedBytes versioned(const M& message) {
  Writer writer;
  writer.write(kMetadataVersion);
  message.encode(writer, kMetadataVersion);
  return writer.take_bytes();
}
template <class M>
Result<M> read_versioned(const SharedBytes& bytes) {
  Reader reader(bytes);
  std::int16_t version = 0;
  reader.read(version);
  TRY_VOID(reader.status());
  // Newer versions only add fields at the end.
  return M::decode(reader, std::min(version, M::kMaxVersion));
}

using Assignments = std::map<std::string, std::set<TopicPartition>>;

// Each topic's partitions in rows over its subscribers in the order of their ids; the first ones take what is left
// over.
void assign_range(const std::string& topic, std::int32_t partitions, std::vector<std::string> members,
                  Assignments& out) {
  std::ranges::sort(members);
  const auto count = static_cast<std::int32_t>(members.size());
  std::int32_t next = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t share = partitions / count + (i < partitions % count ? 1 : 0);
    for (std::int32_t n = 0; n < share; ++n)
      out[members[static_cast<std::size_t>(i)]].insert({topic, PartitionId{next++}});
  }
}

SharedBytes encode_assignment(const std::set<TopicPartition>& partitions) {
  ConsumerProtocolAssignment assignment;
  for (const auto& tp : partitions) {
    auto& rows = assignment.assigned_partitions;
    if (rows.empty() || rows.back().topic != tp.topic) rows.push_back({tp.topic, {}});
    rows.back().partitions.push_back(tp.partition);
  }
  return versioned(assignment);
}

}  // namespace

bool Consumer::lost_membership(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kFencedInstanceId:
      member_id_.clear();
      [[fallthrough]];
    case ErrorCode::kIllegalGeneration:
      generation_ = -1;
      [[fallthrough]];
    case ErrorCode::kRebalanceInProgress:
      rejoin_ = true;
      return true;
    default:
      return false;
  }
}

Task<Result<>> Consumer::join(Instant deadline) {
  for (Retry retry(client_, deadline);;) {
    if (options_.auto_commit && generation_ >= 0) co_await commit();  // what others may get soon
    auto joined = co_await join_once(
        later(later(client_.shard().clock.now(), options_.rebalance_timeout), client_.options().request_timeout));
    if (joined) co_return joined;
    const ErrorCode code = joined.error().code;
    if (woken_) co_return joined;
    if (code == ErrorCode::kMemberIdRequired || lost_membership(code)) continue;
    if (coordinator_moved(code)) client_.forget_coordinator(options_.group);
    if (!co_await retry.again(joined.error())) co_return joined;
  }
}

Task<Result<>> Consumer::join_once(Instant deadline) {
  ++round_;
  ready_.clear();
  positions_.clear();
  JoinGroupRequest request;
  request.group_id = options_.group;
  request.session_timeout_ms = static_cast<std::int32_t>(options_.session_timeout.count());
  request.rebalance_timeout_ms = static_cast<std::int32_t>(options_.rebalance_timeout.count());
  request.member_id = member_id_;
  request.protocol_type = kProtocolType;
  ConsumerProtocolSubscription subscription;
  subscription.topics = matches_ ? wanted_topics(topics_) : subscribed_;
  std::ranges::sort(subscription.topics);
  request.protocols.push_back({std::string(kAssignor), versioned(subscription)});
  CO_TRY(const auto joined,
         co_await ask_coordinator_once<JoinGroupResponse>(client_, options_.group, std::move(request), 0,
                                                          JoinGroupRequest::kMaxVersion, deadline));
  if (joined.error_code == ErrorCode::kMemberIdRequired) member_id_ = joined.member_id;
  if (joined.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(joined.error_code));
  member_id_ = joined.member_id;
  generation_ = joined.generation_id;
  leader_ = joined.leader == member_id_;

  SyncGroupRequest sync;
  sync.group_id = options_.group;
  sync.generation_id = generation_;
  sync.member_id = member_id_;
  sync.protocol_type = kProtocolType;
  sync.protocol_name = kAssignor;
  if (leader_ && !joined.skip_assignment) {
    CO_TRY(const auto assigned, co_await assign_members(joined, deadline));
    for (const auto& [member, partitions] : assigned)
      sync.assignments.push_back({member, encode_assignment(partitions)});
  }
  CO_TRY(const auto synced, co_await ask_coordinator_once<SyncGroupResponse>(
                                client_, options_.group, std::move(sync), 0, SyncGroupRequest::kMaxVersion, deadline));
  if (synced.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(synced.error_code));
  ConsumerProtocolAssignment assignment;
  if (!synced.assignment.empty()) {
    CO_TRY(assignment, read_versioned<ConsumerProtocolAssignment>(synced.assignment));
  }
  for (const auto& topic : assignment.assigned_partitions)
    for (const auto partition : topic.partitions) positions_[{topic.topic, partition}] = {.next = kLatest};
  rejoin_ = false;
  spawn(client_.shard(), keep_session(shared_from_this(), generation_));
  co_return co_await start_from_committed();
}

Task<Result<std::map<std::string, std::set<TopicPartition>>>> Consumer::assign_members(const JoinGroupResponse& joined,
                                                                                       Instant deadline) {
  Assignments assigned;
  std::map<std::string, std::vector<std::string>> subscribers;
  for (const auto& member : joined.members) {
    assigned[member.member_id];  // also those who get nothing are answered
    CO_TRY(const auto subscription, read_versioned<ConsumerProtocolSubscription>(member.metadata));
    for (const auto& topic : subscription.topics) subscribers[topic].push_back(member.member_id);
  }
  std::vector<std::string> names;
  for (const auto& [topic, members] : subscribers) names.push_back(topic);
  CO_TRY(const auto metadata, co_await client_.metadata(std::move(names), false, deadline));
  for (const auto& topic : metadata.topics)
    if (topic.error_code == ErrorCode::kNone && topic.name)
      assign_range(*topic.name, static_cast<std::int32_t>(topic.partitions.size()), subscribers[*topic.name], assigned);
  co_return assigned;
}

Task<Result<>> Consumer::start_from_committed() {
  CO_TRY(const auto committed, co_await fetch_offsets(client_, options_.group));
  std::string undefined;
  for (auto& [tp, position] : positions_) {
    const auto at = committed.find(tp);
    if (at != committed.end())
      position = {
          .next = at->second.offset.value, .fetched = at->second.offset.value, .epoch = at->second.leader_epoch};
    else if (options_.reset)
      position = {.next = *options_.reset};
    else
      undefined += (undefined.empty() ? "" : ", ") + to_string(tp);
  }
  if (!undefined.empty())
    co_return fail(ErrorCode::kOffsetOutOfRange,
                   "Undefined offset with no reset policy for partitions: [" + undefined + "]");
  metadata_stale_ = true;  // topics of the assignment may be new to us
  changed_.notify();
  co_return Result<>();
}

// Heartbeats for one generation, until there is another one or the consumer is closed.
Task<> Consumer::keep_session(std::shared_ptr<Consumer> self, std::int32_t generation) {
  const std::weak_ptr<Consumer> weak = self;
  const Shard& shard = self->client_.shard();
  const Millis interval = self->options_.heartbeat_interval;
  self.reset();
  for (;;) {
    co_await shard.clock.sleep_for(interval);
    self = weak.lock();
    if (!self || self->woken_ || self->generation_ != generation || self->rejoin_) co_return;
    HeartbeatRequest request;
    request.group_id = self->options_.group;
    request.generation_id = generation;
    request.member_id = self->member_id_;
    const Instant deadline = later(shard.clock.now(), self->options_.session_timeout);
    ++self->heartbeats_under_way_;
    const auto response = co_await ask_coordinator_once<HeartbeatResponse>(
        self->client_, self->options_.group, std::move(request), 0, HeartbeatRequest::kMaxVersion, deadline);
    --self->heartbeats_under_way_;
    if (self->woken_) self->changed_.notify();
    if (self->generation_ != generation) co_return;
    const ErrorCode code = response ? response->error_code : response.error().code;
    if (coordinator_moved(code)) self->client_.forget_coordinator(self->options_.group);
    if (self->lost_membership(code)) self->changed_.notify();
    if (code == ErrorCode::kGroupAuthorizationFailed) {
      self->failure_ = error_of(code);
      self->changed_.notify();
    }
    self.reset();
  }
}

Task<Result<>> Consumer::commit() {
  if (!in_group() || generation_ < 0) co_return Result<>();
  CommittedOffsets offsets;
  for (const auto& [tp, position] : positions_)
    if (position.next >= 0) offsets[tp] = {Offset{position.next}, position.epoch, ""};
  if (offsets.empty()) co_return Result<>();
  CO_TRY(const auto errors,
         co_await commit_offsets(client_, options_.group, std::move(offsets), {generation_, member_id_}));
  for (const auto& [tp, code] : errors) {
    if (code == ErrorCode::kNone || lost_membership(code)) continue;  // whoever has the partition now commits it
    co_return std::unexpected(error_of(code));
  }
  co_return Result<>();
}

Task<> Consumer::leave() {
  LeaveGroupRequest request;
  request.group_id = options_.group;
  constexpr std::int16_t kLastWithOneMember = 2;
  request.member_id = member_id_;
  const Instant deadline = client_.request_deadline(client_.api_deadline());
  // One attempt: the session timeout does the same, later.
  co_await ask_coordinator_once<LeaveGroupResponse>(client_, options_.group, std::move(request), 0, kLastWithOneMember,
                                                    deadline);
  generation_ = -1;
  member_id_.clear();
}

}  // namespace thalweg::admin
