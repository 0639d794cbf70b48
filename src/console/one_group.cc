#include "console/one_group.h"

#include "broker/topics.h"
#include "console/group_list.h"
#include "console/problem.h"

namespace thalweg::console {

Task<Outcome<OneGroup>> find_group(const Call& call, std::string name, AskOptions options) {
  // Before the first group of all nobody coordinates any, and this one says so.
  const BrokerId known = coordinator_of(*call.image, name);
  const BrokerId coordinator = known == kNoBroker ? call.self() : known;
  if (coordinator != call.self() && !call.allows(broker::Operation::kDescribe, broker::group_resource(name)))
    co_return std::unexpected(problem_of(ErrorCode::kGroupAuthorizationFailed));
  CO_TRY(auto described, co_await describe_groups(call, coordinator, {name}, options));
  if (described.empty()) co_return std::unexpected(problem_of(ErrorCode::kGroupIdNotFound));
  auto& group = described.front();
  const bool are_none =
      group.error == ErrorCode::kCoordinatorNotAvailable && !call.image->topic(std::string_view(broker::kOffsetsTopic));
  if (group.error == ErrorCode::kGroupIdNotFound || group.state == GroupState::kDead || are_none)
    co_return std::unexpected(problem_of(ErrorCode::kGroupIdNotFound, "There is no group " + name));
  if (group.error != ErrorCode::kNone)
    co_return std::unexpected(problem_of(group.error, group.message, "try again in a moment"));
  CO_TRY(auto offsets, co_await offsets_of(call, coordinator, {name}, options));
  if (offsets.empty()) co_return std::unexpected(problem_of(ErrorCode::kGroupIdNotFound));
  if (offsets.front().error != ErrorCode::kNone) co_return std::unexpected(problem_of(offsets.front().error));
  co_return OneGroup{std::move(group), std::move(offsets.front()), coordinator};
}

}  // namespace thalweg::console
