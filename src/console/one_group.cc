#include "console/one_group.h"

#include "broker/topics.h"
#include "console/problem.h"

namespace thalweg::console {

Task<Outcome<OneGroup>> find_group(const Call& call, std::string name) {
  CO_TRY(auto described, co_await describe_groups(call, {name}));
  if (described.empty()) co_return std::unexpected(problem_of(ErrorCode::kGroupIdNotFound));
  auto& group = described.front();
  // Before the first group of all there is nobody to ask.
  const bool are_none =
      group.error == ErrorCode::kCoordinatorNotAvailable && !call.image->topic(std::string_view(broker::kOffsetsTopic));
  if (group.error == ErrorCode::kGroupIdNotFound || group.state == GroupState::kDead || are_none)
    co_return std::unexpected(problem_of(ErrorCode::kGroupIdNotFound, "There is no group " + name));
  if (group.error == ErrorCode::kNotCoordinator)
    co_return std::unexpected(
        problem_of(group.error, "Another broker coordinates the group " + name, "ask that broker's console"));
  if (group.error != ErrorCode::kNone)
    co_return std::unexpected(problem_of(group.error, group.message, "try again in a moment"));
  CO_TRY(auto offsets, co_await offsets_of(call, {name}));
  if (offsets.empty()) co_return std::unexpected(problem_of(ErrorCode::kGroupIdNotFound));
  if (offsets.front().error != ErrorCode::kNone) co_return std::unexpected(problem_of(offsets.front().error));
  co_return OneGroup{std::move(group), std::move(offsets.front())};
}

}  // namespace thalweg::console
