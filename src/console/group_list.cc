#include "console/group_list.h"

#include "console/ask.h"
#include "console/problem.h"
#include "protocol/list_groups_request.h"
#include "protocol/list_groups_response.h"
#include "runtime/yielding.h"

namespace thalweg::console {

GroupState group_state_named(std::string_view text) { return group_state_of(text).value_or(GroupState::kUnknown); }

Task<Outcome<std::vector<GroupRow>>> list_groups(const Call& call) {
  CO_TRY(auto response, told(co_await ask<protocol::ListGroupsResponse>(call, protocol::ListGroupsRequest())));
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(problem_of(response.error_code, {}, "try again in a moment"));
  std::vector<GroupRow> rows;
  rows.reserve(response.groups.size());
  constexpr std::size_t kAtOnce = 2000;
  Pace pace(kAtOnce);
  for (auto& group : response.groups) {
    if (pace.due()) co_await give_way();
    rows.push_back({.name = std::move(group.group_id),
                    .type = group_type_of(group.group_type).value_or(GroupType::kUnknown),
                    .state = group_state_named(group.group_state),
                    .protocol_type = std::move(group.protocol_type)});
  }
  co_return rows;
}

}  // namespace thalweg::console
