#include "group/classic_group.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "group/consumer_protocol.h"

namespace thalweg::group {

using protocol::GroupMetadataValue;
using protocol::JoinGroupResponse;
using protocol::LeaveGroupResponse;
using protocol::SyncGroupResponse;

std::string_view name(GroupState state) {
  switch (state) {
    case GroupState::kEmpty:
      return "Empty";
    case GroupState::kPreparingRebalance:
      return "PreparingRebalance";
    case GroupState::kCompletingRebalance:
      return "CompletingRebalance";
    case GroupState::kStable:
      return "Stable";
  }
  return "Unknown";
}

const SharedBytes& ClassicGroup::Member::metadata_for(const std::string& protocol) const {
  static const SharedBytes kNothing;
  const auto at = std::ranges::find(protocols, protocol, &Protocol::name);
  return at == protocols.end() ? kNothing : at->metadata;
}

bool ClassicGroup::Member::supports(std::string_view protocol) const {
  return std::ranges::find(protocols, protocol, &Protocol::name) != protocols.end();
}

// ------------------------------------------------------------------------------------------------ the log

ClassicGroup::ClassicGroup(std::string id, const GroupMetadataValue& stored)
    : id_(std::move(id)),
      state_(stored.members.empty() ? GroupState::kEmpty : GroupState::kStable),
      state_since_(stored.current_state_timestamp),
      generation_(stored.generation),
      protocol_type_(stored.protocol_type.empty() ? std::optional<std::string>() : stored.protocol_type),
      protocol_(stored.protocol),
      leader_(stored.leader) {
  for (const auto& from : stored.members) {
    Member& member = members_[from.member_id];
    member.id = from.member_id;
    member.instance_id = from.group_instance_id;
    member.client_id = from.client_id;
    member.client_host = from.client_host;
    member.session_timeout = Millis(from.session_timeout);
    member.rebalance_timeout = Millis(from.rebalance_timeout >= 0 ? from.rebalance_timeout : from.session_timeout);
    member.protocols = {{stored.protocol.value_or(""), SharedBytes::copy_of(from.subscription.view())}};
    member.assignment = SharedBytes::copy_of(from.assignment.view());
    member.order = ++last_order_;
    member.has_synced = true;
    if (member.instance_id) static_members_[*member.instance_id] = member.id;
  }
  if (!leader_ || !members_.contains(*leader_))
    leader_ = members_.empty() ? std::optional<std::string>() : members_.begin()->first;
  read_subscriptions();
}

void ClassicGroup::resume(Step& step) {
  for (const auto& [id, member] : members_) restart_session(member, step);
  if (members_.size() > static_cast<std::size_t>(step.config.size_max))
    prepare_rebalance("the group is larger than group.max.size", step);
}

GroupRecord ClassicGroup::record() const {
  GroupMetadataValue value{.protocol_type = protocol_type_.value_or(""),
                           .generation = generation_,
                           .protocol = protocol_,
                           .leader = leader_,
                           .current_state_timestamp = state_since_};
  for (const auto& [id, m] : members_) {
    value.members.push_back({.member_id = id,
                             .group_instance_id = m.instance_id,
                             .client_id = m.client_id,
                             .client_host = m.client_host,
                             .rebalance_timeout = static_cast<std::int32_t>(m.rebalance_timeout.count()),
                             .session_timeout = static_cast<std::int32_t>(m.session_timeout.count()),
                             .subscription = protocol_ ? m.metadata_for(*protocol_) : SharedBytes(),
                             .assignment = m.assignment});
  }
  return {id_, std::move(value)};
}

bool ClassicGroup::fits_the_log(const Step& step) const {
  const auto size = size_in_batch(record());
  return size && *size <= step.config.append_bytes_max;
}

// ------------------------------------------------------------------------------------------------ members

ErrorCode ClassicGroup::check_identity(Identity who) const {
  if (who.instance_id) {
    const auto at = static_members_.find(std::string(*who.instance_id));
    if (at == static_members_.end()) return ErrorCode::kUnknownMemberId;
    if (at->second != who.member_id) return ErrorCode::kFencedInstanceId;
  }
  return members_.contains(std::string(who.member_id)) ? ErrorCode::kNone : ErrorCode::kUnknownMemberId;
}

ErrorCode ClassicGroup::heartbeat(const protocol::HeartbeatRequest& request, Step& step) {
  const auto error = check_identity({request.member_id, request.group_instance_id});
  if (error != ErrorCode::kNone) return error;
  if (request.generation_id != generation_) return ErrorCode::kIllegalGeneration;
  restart_session(members_.at(request.member_id), step);
  return state_ == GroupState::kPreparingRebalance ? ErrorCode::kRebalanceInProgress : ErrorCode::kNone;
}

LeaveGroupResponse ClassicGroup::leave(const std::vector<protocol::LeaveGroupRequest::MemberIdentity>& leaving,
                                       Step& step) {
  LeaveGroupResponse response;
  bool member_left = false;
  for (const auto& who : leaving) {
    auto& result = response.members.emplace_back();
    result.member_id = who.member_id;
    result.group_instance_id = who.group_instance_id;
    std::string member_id = who.member_id;
    // An operator removes a static member by its instance id alone.
    if (const auto at = who.group_instance_id ? static_members_.find(*who.group_instance_id) : static_members_.end();
        member_id.empty() && at != static_members_.end())
      member_id = at->second;
    if (pending_.contains(member_id)) {
      forget_pending(member_id, step);
      continue;
    }
    result.error_code = check_identity({member_id, who.group_instance_id});
    if (result.error_code != ErrorCode::kNone) continue;
    remove_member(member_id, step);
    log::info("member left a group", field("group", id_), field("member", member_id),
              field("why", who.reason.value_or("")), field("by", step.by()));
    member_left = true;
  }
  if (member_left)
    after_removal("a member left", step);
  else
    complete_join_if_all_joined(step);
  return response;
}

void ClassicGroup::on_timer(const TimerKey& key, Step& step) {
  switch (key.kind) {
    case TimerKey::Kind::kJoin:
      if (state_ != GroupState::kPreparingRebalance) return;
      return initial_ ? extend_initial_delay_or_complete_join(step) : complete_join(step);
    case TimerKey::Kind::kSync:
      return expire_unsynced(step);
    case TimerKey::Kind::kSession:
      return expire_member(key.member, step);
    case TimerKey::Kind::kRetention:
      return;  // the machine's
  }
}

void ClassicGroup::expire_member(const std::string& member_id, Step& step) {
  if (pending_.contains(member_id)) {
    forget_pending(member_id, step);
    complete_join_if_all_joined(step);
    return;
  }
  const auto at = members_.find(member_id);
  if (at == members_.end()) return;
  // Who waits for us cannot send heartbeats; the answer restarts its session. A new member might never get that far.
  const Member& member = at->second;
  if (!member.is_new && (member.join || member.sync)) return;
  log::info("session of a group's member timed out", field("group", id_), field("member", member_id));
  remove_member(member_id, step);
  after_removal("a member's session timed out", step);
}

// It counted as somebody to wait for: who calls this looks whether the join phase is complete without it.
void ClassicGroup::forget_pending(const std::string& member_id, Step& step) {
  pending_.erase(member_id);
  step.clear_timer(timer(TimerKey::Kind::kSession, member_id));
}

void ClassicGroup::remove_member(const std::string& member_id, Step& step) {
  const auto node = members_.extract(member_id);
  CHECK(node);
  const Member& member = node.mapped();
  // Without its id: if it is still there it shall come back as somebody new.
  if (member.join)
    step.reply(*member.join,
               JoinGroupResponse{.error_code = ErrorCode::kUnknownMemberId, .protocol_name = std::nullopt});
  if (member.sync) step.reply(*member.sync, SyncGroupResponse{.error_code = ErrorCode::kUnknownMemberId});
  step.clear_timer(timer(TimerKey::Kind::kSession, member.id));
  if (member.instance_id) static_members_.erase(*member.instance_id);
  if (leader_ != member.id) return;
  const auto next = std::ranges::min_element(members_, {}, [](const auto& m) { return m.second.order; });
  leader_ = next == members_.end() ? std::optional<std::string>() : next->first;
}

void ClassicGroup::after_removal(std::string_view why, Step& step) {
  if (state_ == GroupState::kStable || state_ == GroupState::kCompletingRebalance)
    prepare_rebalance(why, step);
  else
    complete_join_if_all_joined(step);
}

void ClassicGroup::restart_session(const Member& member, Step& step) const {
  step.set_timer(timer(TimerKey::Kind::kSession, member.id), member.session_timeout);
}

void ClassicGroup::drop_soft_state(Step& step) {
  for (const auto& id : pending_) step.clear_timer(timer(TimerKey::Kind::kSession, id));
  pending_.clear();
}

// ------------------------------------------------------------------------------------------------ offsets, listings

ErrorCode ClassicGroup::check_commit(Identity who, std::int32_t generation, Step& step) {
  const bool empty = state_ == GroupState::kEmpty;
  if (generation < 0 && empty) return ErrorCode::kNone;
  if (generation < 0 && who.member_id.empty() && !who.instance_id) return ErrorCode::kUnknownMemberId;
  const auto error = check_identity(who);
  if (error != ErrorCode::kNone) return error;
  if (generation != generation_) return ErrorCode::kIllegalGeneration;
  if (state_ == GroupState::kCompletingRebalance) return ErrorCode::kRebalanceInProgress;
  restart_session(members_.at(std::string(who.member_id)), step);
  return ErrorCode::kNone;
}

ErrorCode ClassicGroup::check_transactional_commit(Identity who, std::int32_t generation) const {
  const bool is_anonymous = generation < 0 && who.member_id.empty() && !who.instance_id;
  if (is_anonymous || (generation < 0 && state_ == GroupState::kEmpty)) return ErrorCode::kNone;
  const auto error = check_identity(who);
  if (error != ErrorCode::kNone) return error;
  return generation == generation_ ? ErrorCode::kNone : ErrorCode::kIllegalGeneration;
}

bool ClassicGroup::uses_consumer_protocol() const { return protocol_type_ == kConsumerProtocolType; }

bool ClassicGroup::may_be_subscribed_to(const std::string& topic) const {
  if (state_ == GroupState::kEmpty) return false;
  return subscribed_topics_ ? subscribed_topics_->contains(topic) : uses_consumer_protocol();
}

protocol::DescribeGroupsResponse::DescribedGroup ClassicGroup::describe() const {
  protocol::DescribeGroupsResponse::DescribedGroup group{
      .group_id = id_, .group_state = std::string(name(state_)), .protocol_type = protocol_type_.value_or("")};
  // Between generations members have not agreed on whose metadata to show; what they are assigned is their last share.
  const bool stable = state_ == GroupState::kStable && protocol_;
  if (stable) group.protocol_data = *protocol_;
  for (const auto& [id, m] : members_) {
    auto& member = group.members.emplace_back();
    member.member_id = id;
    member.group_instance_id = m.instance_id;
    member.client_id = m.client_id;
    member.client_host = m.client_host;
    member.member_assignment = m.assignment;
    if (stable) member.member_metadata = m.metadata_for(*protocol_);
  }
  return group;
}

}  // namespace thalweg::group
