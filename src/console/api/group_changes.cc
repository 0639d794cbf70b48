// DELETE of a group, and of what it has committed in a topic.
#include <fmt/format.h>

#include <algorithm>

#include "console/ask.h"
#include "console/group_list.h"
#include "console/one_group.h"
#include "console/plan.h"
#include "console/routes.h"
#include "protocol/delete_groups_request.h"
#include "protocol/delete_groups_response.h"
#include "protocol/offset_delete_request.h"
#include "protocol/offset_delete_response.h"

namespace thalweg::console {
namespace {

using broker::Operation;

// What the group forgets: everything, or one topic's.
void add_forgotten(Planned& planned, const OneGroup& group, const std::optional<std::string>& topic) {
  for (const auto& committed : group.committed.offsets) {
    if (topic && committed.partition.topic != *topic) continue;
    add_offset_change(planned.plan, {.topic = committed.partition.topic,
                                     .partition = committed.partition.partition.value,
                                     .from = committed.offset.value,
                                     .to = {},
                                     .records = {}});
    planned.facts.add(to_string(committed.partition)).add(committed.offset.value);
  }
}

std::string connected(std::size_t members) {
  return fmt::format("{} {} connected", members, members == 1 ? "member is" : "members are");
}

Task<Outcome<Planned>> plan_of_deleting_group(const Call& call, const std::string& name) {
  CO_TRY(const auto group, co_await find_group(call, name));
  Planned planned{new_plan(call, "Delete the group " + name + " with what it has committed"), {}};
  planned.facts.add("delete group").add(name);
  add_forgotten(planned, group, std::nullopt);
  planned.plan.confirm = name;
  planned.plan.command = tool_line(call, "kafka-consumer-groups", {"--delete", "--group", name});
  if (const auto members = group.described.members.size(); members > 0)
    planned.plan.blocked_by.push_back("The group must be empty first: " + connected(members));
  planned.plan.warnings.emplace_back("who joins it again begins where auto.offset.reset says");
  co_return planned;
}

Task<Outcome<>> delete_group_now(const Call& call, BrokerId coordinator, const std::string& name) {
  protocol::DeleteGroupsRequest request;
  request.groups_names = {name};
  CO_TRY(const auto response,
         told(co_await ask_broker<protocol::DeleteGroupsResponse>(call, coordinator, std::move(request))));
  if (response.results.size() != 1) co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  const auto& result = response.results.front();
  if (result.error_code == ErrorCode::kNone) co_return Outcome<>();
  co_return std::unexpected(problem_of(result.error_code, result.error_message.value_or("")));
}

Task<Outcome<Plan>> delete_group(const Call& call, DeleteGroup asked) {
  CO_TRY_VOID(check_allowed(call, Operation::kDelete, broker::group_resource(asked.group)));
  CO_TRY(auto planned, co_await plan_of_deleting_group(call, asked.group));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await delete_group_now(call, coordinator_of(*call.image, asked.group), asked.group);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

bool is_read(const OneGroup& group, const std::string& topic) {
  return std::ranges::any_of(group.described.members, [&](const auto& member) {
    return std::ranges::any_of(member.assigned, [&](const auto& assigned) { return assigned.topic == topic; });
  });
}

Task<Outcome<Planned>> plan_of_forgetting(const Call& call, const std::string& name, const std::string& topic) {
  CO_TRY(const auto group, co_await find_group(call, name));
  Planned planned{new_plan(call, fmt::format("Forget what the group {} has committed in {}", name, topic)), {}};
  planned.facts.add("forget").add(name).add(topic);
  add_forgotten(planned, group, topic);
  auto& plan = planned.plan;
  plan.confirm = topic;
  plan.command = tool_line(call, "kafka-consumer-groups", {"--delete-offsets", "--group", name, "--topic", topic});
  if (is_read(group, topic)) plan.blocked_by.push_back("Members of the group read " + topic + ": stop them first");
  if (plan.partitions == 0 && plan.blocked_by.empty())
    plan.blocked_by.push_back("The group has committed nothing in " + topic);
  co_return planned;
}

Task<Outcome<>> delete_offsets_now(const Call& call, const std::string& name, const std::string& topic) {
  CO_TRY(const auto group, co_await find_group(call, name));
  protocol::OffsetDeleteRequest request;
  request.group_id = name;
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic;
  for (const auto& committed : group.committed.offsets)
    if (committed.partition.topic == topic) wanted.partitions.push_back({committed.partition.partition});
  CO_TRY(const auto response,
         told(co_await ask_broker<protocol::OffsetDeleteResponse>(call, group.coordinator, std::move(request))));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(problem_of(response.error_code));
  for (const auto& answered : response.topics)
    for (const auto& partition : answered.partitions)
      if (partition.error_code != ErrorCode::kNone) co_return std::unexpected(problem_of(partition.error_code));
  co_return Outcome<>();
}

Task<Outcome<Plan>> delete_offsets(const Call& call, DeleteGroupOffsets asked) {
  if (!asked.topic) co_return std::unexpected(invalid("topic", "said"));
  CO_TRY_VOID(check_allowed(call, Operation::kDelete, broker::group_resource(asked.group)));
  CO_TRY(auto planned, co_await plan_of_forgetting(call, asked.group, *asked.topic));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await delete_offsets_now(call, asked.group, *asked.topic);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

}  // namespace

void add_group_changes(Routes& routes) {
  routes.add<DeleteGroup, delete_group>();
  routes.add<DeleteGroupOffsets, delete_offsets>();
}

}  // namespace thalweg::console
