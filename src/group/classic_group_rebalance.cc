// The two phases of a rebalance: all members join, then all fetch what the leader assigned to them.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "group/classic_group.h"
#include "group/consumer_protocol.h"

namespace thalweg::group {

using protocol::SyncGroupResponse;

// ------------------------------------------------------------------------------------------------ join phase

void ClassicGroup::set_state(GroupState state, Step& step) {
  state_ = state;
  state_since_ = step.wall;
}

void ClassicGroup::rebalance_or_complete_join(std::string_view why, Step& step) {
  if (state_ == GroupState::kPreparingRebalance)
    complete_join_if_all_joined(step);
  else
    prepare_rebalance(why, step);
}

void ClassicGroup::prepare_rebalance(std::string_view why, Step& step) {
  log::info("group rebalances", field("group", id_), field("generation", generation_), field("state", name(state_)),
            field("members", members_.size()), field("why", why), field("by", step.by()));
  answer_syncs(ErrorCode::kRebalanceInProgress, step);
  if (state_ == GroupState::kCompletingRebalance)
    for (auto& [id, member] : members_) member.assignment = {};
  step.clear_timer(timer(TimerKey::Kind::kSync));
  const bool from_empty = state_ == GroupState::kEmpty;
  set_state(GroupState::kPreparingRebalance, step);
  if (!from_empty) {
    if (!complete_join_if_all_joined(step)) step.set_timer(timer(TimerKey::Kind::kJoin), rebalance_timeout());
    return;
  }
  const Millis delay = step.config.initial_rebalance_delay;
  if (delay == Millis(0)) return complete_join(step);
  initial_ = InitialDelay{.now = delay, .left = std::max(rebalance_timeout() - delay, Millis(0))};
  step.set_timer(timer(TimerKey::Kind::kJoin), delay);
}

// The first members of a group trickle in while an application starts: every newcomer buys one more delay, up to the
// rebalance timeout, so that ten instances cost one rebalance and not ten.
void ClassicGroup::extend_initial_delay_or_complete_join(Step& step) {
  if (!initial_->grew || initial_->left == Millis(0)) return complete_join(step);
  const Millis next = std::min(step.config.initial_rebalance_delay, initial_->left);
  initial_ = InitialDelay{.now = next, .left = std::max(initial_->left - initial_->now, Millis(0))};
  step.set_timer(timer(TimerKey::Kind::kJoin), next);
}

bool ClassicGroup::complete_join_if_all_joined(Step& step) {
  if (state_ != GroupState::kPreparingRebalance || initial_ || !pending_.empty()) return false;
  if (!std::ranges::all_of(members_, [](const auto& m) { return m.second.join.has_value(); })) return false;
  complete_join(step);
  return true;
}

void ClassicGroup::complete_join(Step& step) {
  std::vector<std::string> absent;
  for (const auto& [id, member] : members_)
    if (!member.join && !member.instance_id) absent.push_back(id);
  for (const auto& id : absent) remove_member(id, step);
  if (!members_.empty() && !elect_joined_leader()) {
    // Only static members are left, and none of them has come back: wait on, their session timeouts decide.
    step.set_timer(timer(TimerKey::Kind::kJoin), rebalance_timeout());
    return;
  }
  step.clear_timer(timer(TimerKey::Kind::kJoin));
  initial_.reset();
  ++generation_;
  begin_generation(step);
}

void ClassicGroup::begin_generation(Step& step) {
  if (members_.empty()) {
    protocol_.reset();
    leader_.reset();
    set_state(GroupState::kEmpty, step);
    log::info("group is empty", field("group", id_), field("generation", generation_), field("by", step.by()));
    read_subscriptions();
    return store(step);
  }
  protocol_ = select_protocol();
  read_subscriptions();
  set_state(GroupState::kCompletingRebalance, step);
  log::info("group has a new generation", field("group", id_), field("generation", generation_),
            field("members", members_.size()), field("protocol", *protocol_), field("leader", *leader_));
  for (auto& [id, member] : members_) {
    if (member.join) step.reply(*member.join, current_generation(member));
    member.join.reset();
    member.is_new = false;
    member.has_synced = false;
    restart_session(member, step);
  }
  step.set_timer(timer(TimerKey::Kind::kSync), rebalance_timeout());
}

bool ClassicGroup::elect_joined_leader() {
  if (leader_ && members_.contains(*leader_) && members_.at(*leader_).join) return true;
  const Member* first = nullptr;
  for (const auto& [id, member] : members_)
    if (member.join && (!first || member.order < first->order)) first = &member;
  if (!first) return false;
  leader_ = first->id;
  return true;
}

// Every member votes for the first of its protocols that all understand; a tie goes to the one the leader likes better.
std::string ClassicGroup::select_protocol() const {
  const auto understood = [&](const Protocol& p) {
    return std::ranges::all_of(members_, [&](const auto& m) { return m.second.supports(p.name); });
  };
  std::map<std::string, int> votes;
  for (const auto& [id, member] : members_) {
    const auto choice = std::ranges::find_if(member.protocols, understood);
    if (choice != member.protocols.end()) ++votes[choice->name];
  }
  const Protocol* best = nullptr;
  for (const auto& p : members_.at(*leader_).protocols)
    if (votes.contains(p.name) && (!best || votes[p.name] > votes[best->name])) best = &p;
  CHECK(best);  // nobody joins without a protocol in common
  return best->name;
}

Millis ClassicGroup::rebalance_timeout() const {
  Millis longest{0};
  for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

void ClassicGroup::read_subscriptions() {
  subscribed_topics_.reset();
  if (!uses_consumer_protocol()) return;
  std::set<std::string> all;
  for (const auto& [id, member] : members_) {
    auto topics = subscribed_topics(member.metadata_for(protocol_.value_or("")));
    if (!topics) return;
    all.merge(*topics);
  }
  subscribed_topics_ = std::move(all);
}

// ------------------------------------------------------------------------------------------------ sync phase

void ClassicGroup::sync(const protocol::SyncGroupRequest& request, RequestId id, Step& step) {
  if (const auto error = check_sync(request); error != ErrorCode::kNone)
    return step.reply(id, SyncGroupResponse{.error_code = error});
  Member& member = members_.at(request.member_id);
  member.has_synced = true;
  if (state_ == GroupState::kStable) {
    if (all_synced()) step.clear_timer(timer(TimerKey::Kind::kSync));
    restart_session(member, step);
    return step.reply(id, assignment_of(member));
  }
  if (member.sync) step.reply(*member.sync, SyncGroupResponse{.error_code = ErrorCode::kRebalanceInProgress});
  member.sync = id;
  if (leader_ == member.id) complete_sync(request, step);
}

void ClassicGroup::complete_sync(const protocol::SyncGroupRequest& request, Step& step) {
  for (auto& [id, member] : members_) member.assignment = {};
  for (const auto& assigned : request.assignments) {
    const auto at = members_.find(assigned.member_id);
    if (at != members_.end()) at->second.assignment = SharedBytes::copy_of(assigned.assignment.view());
  }
  if (!fits_the_log(step)) {
    log::warn("assignment of a group is too large to be stored", field("group", id_), field("members", members_.size()),
              field("max_bytes", step.config.append_bytes_max));
    answer_syncs(ErrorCode::kUnknownServerError, step);
    return prepare_rebalance("the assignment was too large", step);
  }
  set_state(GroupState::kStable, step);
  store(step);  // in the log before anybody works by it: replies of this step wait for that
  answer_syncs(ErrorCode::kNone, step);
  if (all_synced()) step.clear_timer(timer(TimerKey::Kind::kSync));
}

// Whoever waits gets its assignment, or hears why there is none; from here on it sends heartbeats again.
void ClassicGroup::answer_syncs(ErrorCode error, Step& step) {
  for (auto& [id, member] : members_) {
    if (!member.sync) continue;
    step.reply(*member.sync,
               error == ErrorCode::kNone ? assignment_of(member) : SyncGroupResponse{.error_code = error});
    member.sync.reset();
    restart_session(member, step);
  }
}

ErrorCode ClassicGroup::check_sync(const protocol::SyncGroupRequest& request) const {
  const auto error = check_identity({request.member_id, request.group_instance_id});
  if (error != ErrorCode::kNone) return error;
  if (request.generation_id != generation_) return ErrorCode::kIllegalGeneration;
  const bool other_type = request.protocol_type && request.protocol_type != protocol_type_;
  const bool other_name = request.protocol_name && protocol_ && request.protocol_name != protocol_;
  if (other_type || other_name) return ErrorCode::kInconsistentGroupProtocol;
  return state_ == GroupState::kPreparingRebalance ? ErrorCode::kRebalanceInProgress : ErrorCode::kNone;
}

SyncGroupResponse ClassicGroup::assignment_of(const Member& member) const {
  return {.protocol_type = protocol_type_, .protocol_name = protocol_, .assignment = member.assignment};
}

bool ClassicGroup::all_synced() const {
  return std::ranges::all_of(members_, [](const auto& m) { return m.second.has_synced; });
}

// Who took part in the rebalance but never fetched its assignment holds up its share of the partitions.
void ClassicGroup::expire_unsynced(Step& step) {
  if (state_ != GroupState::kCompletingRebalance && state_ != GroupState::kStable) return;
  std::vector<std::string> silent;
  for (const auto& [id, member] : members_)
    if (!member.has_synced) silent.push_back(id);
  for (const auto& id : silent) remove_member(id, step);
  if (!silent.empty()) prepare_rebalance("members did not fetch their assignment in time", step);
}

}  // namespace thalweg::group
