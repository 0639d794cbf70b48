#include "group/group_machine.h"

#include <algorithm>
#include <cctype>

#include "base/check.h"
#include "base/log.h"

namespace thalweg::group {

using protocol::DeleteGroupsResponse;
using protocol::DescribeGroupsResponse;
using protocol::HeartbeatResponse;
using protocol::JoinGroupResponse;
using protocol::LeaveGroupResponse;
using protocol::ListGroupsResponse;
using protocol::SyncGroupResponse;

namespace {

constexpr std::string_view kClassicType = "classic";
// From here on a group that does not exist is an error and not a group in the state Dead (KIP-1043).
constexpr std::int16_t kDescribeNotFoundFrom = 6;
// From here on members are listed one by one; before, a request was one member.
constexpr std::int16_t kLeaveListFrom = 3;
// From here on members must say which protocol they believe in (KIP-559).
constexpr std::int16_t kSyncNamesProtocolFrom = 5;

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool passes(const std::vector<std::string>& filter, std::string_view value) {
  return filter.empty() || std::ranges::any_of(filter, [&](const auto& f) { return same_ignoring_case(f, value); });
}

JoinGroupResponse refuse(const protocol::JoinGroupRequest& request, ErrorCode error) {
  return {.error_code = error, .protocol_name = std::nullopt, .member_id = request.member_id};
}

// Whether the log of groups can hold what a join brings. Kafka takes no longer strings from clients at all.
bool is_storable(const protocol::JoinGroupRequest& request) {
  const auto fits = [](const std::string& text) { return text.size() <= kStringMax; };
  return fits(request.member_id) && fits(request.group_instance_id.value_or("")) && fits(request.protocol_type) &&
         std::ranges::all_of(request.protocols, [&](const auto& p) { return fits(p.name); });
}

}  // namespace

GroupMachine::Group* GroupMachine::find(const std::string& id) {
  const auto at = groups_.find(id);
  return at == groups_.end() ? nullptr : &at->second;
}

GroupMachine::Group& GroupMachine::find_or_create(const std::string& id) {
  return groups_.try_emplace(id, id).first->second;
}

void GroupMachine::say_created(const std::string& id, const Step& step) {
  log::info("group created", field("group", id), field("by", step.by()));
}

std::string who(const RequestContext& context) {
  const std::string& host = context.client_host;
  return context.principal + "@" + (host.starts_with('/') ? host.substr(1) : host) +
         (context.client_id.empty() ? "" : " (" + context.client_id + ")");
}

// ------------------------------------------------------------------------------------------------ membership

Effects GroupMachine::on(const protocol::JoinGroupRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  const Millis session(request.session_timeout_ms);
  if (request.group_id.empty() || request.group_id.size() > kStringMax) {
    step.reply(id, refuse(request, ErrorCode::kInvalidGroupId));
  } else if (!is_storable(request)) {
    step.reply(id, refuse(request, ErrorCode::kInvalidRequest));
  } else if (session < config_.session_timeout_min || session > config_.session_timeout_max) {
    step.reply(id, refuse(request, ErrorCode::kInvalidSessionTimeout));
  } else if (!request.member_id.empty() && !find(request.group_id)) {
    step.reply(id, refuse(request, ErrorCode::kUnknownMemberId));
  } else {
    if (!find(request.group_id)) say_created(request.group_id, step);
    Group& group = find_or_create(request.group_id);
    if (group.classic.join_may_store(request, config_)) remember(request.group_id, group);
    group.classic.join(request, context, id, step);
  }
  return std::move(step.effects);
}

Effects GroupMachine::on(const protocol::SyncGroupRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  if (context.version >= kSyncNamesProtocolFrom && !(request.protocol_type && request.protocol_name)) {
    step.reply(id, SyncGroupResponse{.error_code = ErrorCode::kInconsistentGroupProtocol});
  } else if (request.group_id.empty()) {
    step.reply(id, SyncGroupResponse{.error_code = ErrorCode::kInvalidGroupId});
  } else if (Group* group = find(request.group_id)) {
    if (group->classic.sync_may_store(request)) remember(request.group_id, *group);
    group->classic.sync(request, id, step);
  } else {
    step.reply(id, SyncGroupResponse{.error_code = ErrorCode::kUnknownMemberId});
  }
  return std::move(step.effects);
}

Effects GroupMachine::on(const protocol::HeartbeatRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  auto error = ErrorCode::kUnknownMemberId;
  if (request.group_id.empty())
    error = ErrorCode::kInvalidGroupId;
  else if (Group* group = find(request.group_id))
    error = group->classic.heartbeat(request, step);
  step.reply(id, HeartbeatResponse{.error_code = error});
  return std::move(step.effects);
}

Effects GroupMachine::on(const protocol::LeaveGroupRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  auto leaving = request.members;
  if (context.version < kLeaveListFrom) leaving = {{.member_id = request.member_id}};

  LeaveGroupResponse response;
  if (request.group_id.empty()) {
    response.error_code = ErrorCode::kInvalidGroupId;
  } else if (Group* group = find(request.group_id)) {
    if (group->classic.may_become_empty(leaving.size())) remember(request.group_id, *group);
    response = group->classic.leave(leaving, step);
  } else {
    for (const auto& who : leaving)
      response.members.push_back({who.member_id, who.group_instance_id, ErrorCode::kUnknownMemberId});
  }
  if (context.version < kLeaveListFrom && response.error_code == ErrorCode::kNone)
    response.error_code = response.members.front().error_code;
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

// ------------------------------------------------------------------------------------------------ listings, deletion

Effects GroupMachine::on(const protocol::DescribeGroupsRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  DescribeGroupsResponse response;
  for (const auto& group_id : request.groups) {
    if (const Group* group = find(group_id)) {
      response.groups.push_back(group->classic.describe());
      continue;
    }
    auto& missing = response.groups.emplace_back();
    missing.group_id = group_id;
    missing.group_state = "Dead";
    if (context.version < kDescribeNotFoundFrom) continue;
    missing.error_code = ErrorCode::kGroupIdNotFound;
    missing.error_message = "Group " + group_id + " not found.";  // Kafka's tools show it as it is
  }
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

Effects GroupMachine::on(const protocol::ListGroupsRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  ListGroupsResponse response;
  for (const auto& [group_id, group] : groups_) {
    const std::string_view state = name(group.classic.state());
    if (!passes(request.states_filter, state) || !passes(request.types_filter, kClassicType)) continue;
    response.groups.push_back({.group_id = group_id,
                               .protocol_type = std::string(group.classic.protocol_type()),
                               .group_state = std::string(state),
                               .group_type = std::string(kClassicType)});
  }
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

Effects GroupMachine::on(const protocol::DeleteGroupsRequest& request, const RequestContext& context, RequestId id,
                         Instant now, Timestamp wall) {
  Step step = this->step(now, wall, &context);
  DeleteGroupsResponse response;
  for (const auto& group_id : request.groups_names) {
    auto& result = response.results.emplace_back(DeleteGroupsResponse::DeletableGroupResult{.group_id = group_id});
    Group* group = find(group_id);
    if (!group) {
      result.error_code = ErrorCode::kGroupIdNotFound;
    } else if (group->classic.state() != GroupState::kEmpty) {
      result.error_code = ErrorCode::kNonEmptyGroup;
    } else {
      remember(group_id, *group);
      group->classic.drop_soft_state(step);
      forget(group_id, united(group->offsets.all(), pending_.of_group(group_id)), step);
      step.append(GroupRecord{group_id, std::nullopt});
    }
  }
  step.reply(id, std::move(response));
  return std::move(step.effects);
}

// ------------------------------------------------------------------------------------------------ time, the log

Effects GroupMachine::on_timer(const TimerKey& key, Instant now, Timestamp wall) {
  Step step = this->step(now, wall);
  if (key.kind == TimerKey::Kind::kRetention) {
    expire_offsets(step);
  } else if (Group* group = find(key.group)) {
    // A session is one member's; the others end a phase, for all who did not take part.
    if (key.kind != TimerKey::Kind::kSession || group->classic.may_become_empty(1)) remember(key.group, *group);
    group->classic.on_timer(key, step);
  }
  return std::move(step.effects);
}

Effects GroupMachine::on_loaded(Instant now, Timestamp wall) {
  CHECK(!loaded_);
  loaded_ = true;
  Step step = this->step(now, wall);
  step.set_timer({.kind = TimerKey::Kind::kRetention}, config_.offsets_retention_check);
  for (auto& [id, group] : groups_) group.classic.resume(step);
  return std::move(step.effects);
}

void GroupMachine::undo() {
  for (auto& [id, group] : before_) find_or_create(id).classic = std::move(group);
  before_.clear();
}

void GroupMachine::apply(const OffsetsRecord& record) {
  std::visit([this](const auto& r) { apply_one(r); }, record);
}

void GroupMachine::apply_one(const OffsetRecord& record) {
  if (!record.value && !find(record.group)) return;
  Group& group = find_or_create(record.group);
  if (record.producer && record.value) return pending_.add(record);
  const TopicPartition partition{record.topic, record.partition};
  if (record.value)
    pending_.overtake(record.group, partition);
  else
    pending_.forget(record.group, partition);
  group.offsets.apply(record);
  // While loading, a group of which nothing remains leaves no trace. Later its removal is a record of its own.
  if (!loaded_) drop_if_nothing_is_left(record.group);
}

void GroupMachine::apply_one(const TransactionEnd& end) {
  const auto ended = pending_.end(end.producer_id, end.commit);
  for (const auto& record : ended.in_force) find_or_create(record.group).offsets.apply(record);
  // Who aborts again and again, for ever new groups, leaves nothing behind.
  for (const auto& group : ended.groups) drop_if_nothing_is_left(group);
}

void GroupMachine::drop_if_nothing_is_left(const std::string& id) {
  const Group* group = find(id);
  if (group && group->offsets.empty() && !pending_.has(id) && group->classic.is_simple() && group->classic.is_vacant())
    groups_.erase(id);
}

void GroupMachine::apply_one(const GroupRecord& record) {
  Group* group = find(record.group);
  if (!record.value) {
    if (!group) return;
    if (group->offsets.empty() && !pending_.has(record.group))
      groups_.erase(record.group);
    else
      group->classic = ClassicGroup(record.group);  // committed to after it was removed
    return;
  }
  // Once loaded the only author is the group itself, and it is as the record says already.
  if (!loaded_) find_or_create(record.group).classic = ClassicGroup(record.group, *record.value);
}

std::vector<GroupFigures> GroupMachine::figures(const std::string& after, std::size_t at_most) const {
  std::vector<GroupFigures> told;
  std::size_t weight = 0;
  for (auto at = groups_.upper_bound(after); at != groups_.end() && weight < at_most; ++at) {
    const auto& [id, group] = *at;
    auto& figures = told.emplace_back(id, group.classic.state(), group.classic.members(), group.classic.generation());
    group.offsets.each([&](const std::string& topic, PartitionId partition, const CommittedOffsets::Value& value) {
      const bool subscribed = figures.members > 0 && group.classic.may_be_subscribed_to(topic);
      figures.offsets.push_back({topic, partition, Offset{value.offset}, value.commit_timestamp, subscribed});
    });
    weight += 1 + figures.offsets.size();
  }
  return told;
}

void GroupMachine::add_to(GroupCounts& counts) const {
  for (const auto& [id, group] : groups_) {
    switch (group.classic.state()) {
      case GroupState::kEmpty:
        ++counts.empty;
        break;
      case GroupState::kPreparingRebalance:
        ++counts.preparing_rebalance;
        break;
      case GroupState::kCompletingRebalance:
        ++counts.completing_rebalance;
        break;
      case GroupState::kStable:
        ++counts.stable;
        break;
    }
  }
}

}  // namespace thalweg::group
