// JoinGroup: who may join a classic group, and what their joining sets off.
#include <algorithm>

#include "base/check.h"
#include "group/classic_group.h"
#include "group/consumer_protocol.h"

namespace thalweg::group {
namespace {

using protocol::JoinGroupRequest;
using protocol::JoinGroupResponse;

// The member id must be sent back before the member counts (KIP-394), which only these versions can do.
constexpr std::int16_t kMemberIdRequiredFrom = 4;
// The reply can tell a returning static leader that it need not assign again (KIP-814).
constexpr std::int16_t kSkipAssignmentFrom = 9;

// As Java prints a UUID: 8-4-4-4-12 hexadecimal digits.
std::string canonical(Uuid uuid) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    const std::uint64_t word = digit < 16 ? uuid.high : uuid.low;
    text += kDigits[word >> (60 - 4 * (digit % 16)) & 15];
  }
  return text;
}

Millis rebalance_timeout_of(const JoinGroupRequest& request, const RequestContext& context) {
  // Version 0 has no such field: the session timeout serves for both.
  const bool given = context.version > 0 && request.rebalance_timeout_ms >= 0;
  return Millis(given ? request.rebalance_timeout_ms : request.session_timeout_ms);
}

bool matches(const auto& protocols, const JoinGroupRequest& request) {
  return std::ranges::equal(protocols, request.protocols, [](const auto& ours, const auto& theirs) {
    return ours.name == theirs.name && ours.metadata == theirs.metadata;
  });
}

}  // namespace

void ClassicGroup::join(const JoinRequest& request, const RequestContext& context, RequestId id, Step& step) {
  if (!has_room_for(request.member_id, step.config)) {
    refuse_join(request, ErrorCode::kGroupMaxSizeReached, id, step);
    // Nobody needs to wait for it any more.
    if (members_.contains(request.member_id)) remove_member(request.member_id, step);
    forget_pending(request.member_id, step);
    complete_join_if_all_joined(step);
    return;
  }
  if (!can_agree_with(request)) return refuse_join(request, ErrorCode::kInconsistentGroupProtocol, id, step);
  if (request.member_id.empty()) return join_as_new(request, context, id, step);
  if (pending_.contains(request.member_id)) {
    // Only dynamic members are asked to come back with their id.
    if (request.group_instance_id) return refuse_join(request, ErrorCode::kUnknownMemberId, id, step);
    return add_member(request.member_id, request, context, id, step);
  }
  const auto error = check_identity({request.member_id, request.group_instance_id});
  if (error != ErrorCode::kNone) return refuse_join(request, error, id, step);
  rejoin(members_.at(request.member_id), request, context, id, step);
}

// A static member that keeps its assignment, or one that is turned away and was the last.
bool ClassicGroup::join_may_store(const JoinRequest& request, const GroupConfig& config) const {
  if (!has_room_for(request.member_id, config)) return true;
  return request.group_instance_id && static_members_.contains(*request.group_instance_id);
}

bool ClassicGroup::has_room_for(const std::string& member_id, const GroupConfig& config) const {
  const auto size_max = static_cast<std::size_t>(config.size_max);
  const auto member = members_.find(member_id);
  switch (state_) {
    case GroupState::kEmpty:
      return true;
    case GroupState::kPreparingRebalance: {
      // Those who do not rejoin will leave, so only those who wait take room.
      if (member != members_.end() && member->second.join) return true;
      const auto waiting = std::ranges::count_if(members_, [](const auto& m) { return m.second.join.has_value(); });
      return static_cast<std::size_t>(waiting) < size_max;
    }
    case GroupState::kCompletingRebalance:
    case GroupState::kStable:
      return member != members_.end() || members_.size() < size_max;
  }
  return false;
}

bool ClassicGroup::can_agree_with(const JoinRequest& request) const {
  if (request.protocol_type.empty() || request.protocols.empty()) return false;
  if (state_ == GroupState::kEmpty) return true;
  if (request.protocol_type != protocol_type_) return false;
  return std::ranges::any_of(request.protocols, [&](const auto& offered) {
    return std::ranges::all_of(members_, [&](const auto& m) { return m.second.supports(offered.name); });
  });
}

void ClassicGroup::join_as_new(const JoinRequest& request, const RequestContext& context, RequestId id, Step& step) {
  const auto& instance = request.group_instance_id;
  std::string member_id = (instance ? *instance : context.client_id) + "-" + canonical(step.new_uuid());
  if (member_id.size() > kStringMax) return refuse_join(request, ErrorCode::kUnknownServerError, id, step);
  if (instance && static_members_.contains(*instance))
    return replace_static_member(std::move(member_id), request, context, id, step);
  if (instance || context.version < kMemberIdRequiredFrom)
    return add_member(std::move(member_id), request, context, id, step);

  pending_.insert(member_id);
  step.set_timer(timer(TimerKey::Kind::kSession, member_id), Millis(request.session_timeout_ms));
  step.reply(id, JoinGroupResponse{.error_code = ErrorCode::kMemberIdRequired,
                                   .protocol_name = std::nullopt,
                                   .member_id = std::move(member_id)});
}

void ClassicGroup::add_member(std::string member_id, const JoinRequest& request, const RequestContext& context,
                              RequestId id, Step& step) {
  if (members_.empty()) protocol_type_ = request.protocol_type;
  if (initial_) initial_->grew = true;
  pending_.erase(member_id);
  if (request.group_instance_id) static_members_[*request.group_instance_id] = member_id;
  if (!leader_) leader_ = member_id;

  Member& member = members_[member_id];
  member.id = std::move(member_id);
  member.instance_id = request.group_instance_id;
  member.order = ++last_order_;
  member.is_new = true;
  update(member, request, context);
  park_join(member, id, step);
  // It has no id yet to send heartbeats with, and a client that gave up retries as a stranger: do not keep it for ever.
  step.set_timer(timer(TimerKey::Kind::kSession, member.id), step.config.new_member_join_timeout);
  rebalance_or_complete_join("a member joined", step);
}

void ClassicGroup::rejoin(Member& member, const JoinRequest& request, const RequestContext& context, RequestId id,
                          Step& step) {
  const bool is_leader = leader_ == member.id;
  const bool has_news = !matches(member.protocols, request);
  // A follower that lost its reply, or asks out of habit, gets the same answer again; a leader asks for a new
  // assignment.
  const bool nothing_new =
      !has_news && (state_ == GroupState::kCompletingRebalance || (state_ == GroupState::kStable && !is_leader));
  if (nothing_new) return step.reply(id, current_generation(member));
  update(member, request, context);
  park_join(member, id, step);
  rebalance_or_complete_join(has_news ? "a member joined again with news" : "the leader joined again", step);
}

// A static member came back (restarted, usually): the same member under a new id, and the old id is shut out.
void ClassicGroup::replace_static_member(std::string new_id, const JoinRequest& request, const RequestContext& context,
                                         RequestId id, Step& step) {
  const std::string old_id = static_members_.at(*request.group_instance_id);
  auto node = members_.extract(old_id);
  CHECK(node);
  Member& member = node.mapped();
  if (member.join) {
    step.reply(*member.join,
               JoinGroupResponse{
                   .error_code = ErrorCode::kFencedInstanceId, .protocol_name = std::nullopt, .member_id = old_id});
  }
  if (member.sync) step.reply(*member.sync, protocol::SyncGroupResponse{.error_code = ErrorCode::kFencedInstanceId});
  member.join.reset();
  member.sync.reset();
  step.clear_timer(timer(TimerKey::Kind::kSession, old_id));

  const SharedBytes subscription_before = protocol_ ? member.metadata_for(*protocol_) : SharedBytes();
  const std::string leader_before = leader_.value_or("");
  if (leader_ == old_id) leader_ = new_id;
  static_members_[*request.group_instance_id] = new_id;
  member.id = new_id;
  member.is_new = false;  // the client has heard of it before: no limit but the session applies
  node.key() = new_id;
  update(member, request, context);
  members_.insert(std::move(node));
  restart_session(member, step);

  const bool may_keep_assignment = state_ == GroupState::kStable && select_protocol() == protocol_ &&
                                   same_subscription(subscription_before, member.metadata_for(*protocol_)) &&
                                   fits_the_log(step);
  if (!may_keep_assignment) {
    park_join(member, id, step);
    return rebalance_or_complete_join("a static member came back with news", step);
  }
  store(step);
  auto response = current_generation(member);
  if (context.version >= kSkipAssignmentFrom) {
    response.skip_assignment = leader_ == member.id;
  } else {
    // It must not believe that it leads, or it would assign although nobody else rejoins.
    response.leader = leader_before;
    response.members.clear();
  }
  step.reply(id, std::move(response));
}

void ClassicGroup::update(Member& member, const JoinRequest& request, const RequestContext& context) {
  member.client_id = context.client_id;
  member.client_host = context.client_host;
  member.session_timeout = Millis(request.session_timeout_ms);
  member.rebalance_timeout = rebalance_timeout_of(request, context);
  member.protocols.clear();
  // Copied: a slice would keep the whole request in memory for as long as the member lives.
  for (const auto& p : request.protocols) member.protocols.push_back({p.name, SharedBytes::copy_of(p.metadata.view())});
}

void ClassicGroup::park_join(Member& member, RequestId id, Step& step) {
  // The same member asks again before it was answered (its connection broke): nobody listens for the first answer.
  if (member.join) {
    step.reply(*member.join, JoinGroupResponse{.error_code = ErrorCode::kRebalanceInProgress,
                                               .protocol_name = std::nullopt,
                                               .member_id = member.id});
  }
  member.join = id;
}

void ClassicGroup::refuse_join(const JoinRequest& request, ErrorCode error, RequestId id, Step& step) const {
  step.reply(id, JoinGroupResponse{.error_code = error,
                                   .protocol_name = std::nullopt,
                                   .member_id = error == ErrorCode::kGroupMaxSizeReached ? "" : request.member_id});
}

JoinGroupResponse ClassicGroup::current_generation(const Member& member) const {
  JoinGroupResponse response{.generation_id = generation_,
                             .protocol_type = protocol_type_,
                             .protocol_name = protocol_,
                             .leader = leader_.value_or(""),
                             .member_id = member.id};
  if (leader_ != member.id) return response;
  for (const auto& [id, m] : members_) response.members.push_back({id, m.instance_id, m.metadata_for(*protocol_)});
  return response;
}

// Subscriptions also carry what the member owned, which a restarted member has forgotten; only topics count as news.
// Kafka keeps the assignment even then, and new topics go unread until something else causes a rebalance.
bool ClassicGroup::same_subscription(const SharedBytes& before, const SharedBytes& after) const {
  if (!uses_consumer_protocol()) return true;
  return subscribed_topics(before) == subscribed_topics(after);
}

}  // namespace thalweg::group
