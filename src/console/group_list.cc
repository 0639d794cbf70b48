#include "console/group_list.h"

#include <algorithm>
#include <set>

#include "broker/topics.h"
#include "console/ask.h"
#include "console/problem.h"
#include "protocol/list_groups_request.h"
#include "protocol/list_groups_response.h"
#include "record/hash.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::console {

namespace {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;

constexpr std::size_t kGroupsAtOnce = 2000;

struct Answer {
  BrokerId broker;
  Result<ListGroupsResponse> response;
};

Task<Answer> ask_one(const Call& call, BrokerId broker) {
  auto response = co_await ask_broker<ListGroupsResponse>(call, broker, ListGroupsRequest(), kSoon);
  if (response && response->error_code != ErrorCode::kNone) response = fail(response->error_code, "");
  co_return Answer{broker, std::move(response)};
}

// While a partition of the offsets topic moves, two brokers may name a group.
Task<> take(const Call& call, Answer& answer, std::set<std::string>& known, GroupsSeen& seen) {
  Pace pace(kGroupsAtOnce);
  for (auto& group : answer.response->groups) {
    if (pace.due()) co_await give_way();
    const bool may_see = answer.broker == call.self() ||
                         call.allows(broker::Operation::kDescribe, broker::group_resource(group.group_id));
    if (!may_see || !known.insert(group.group_id).second) continue;
    seen.rows.push_back({.name = std::move(group.group_id),
                         .type = group_type_of(group.group_type).value_or(GroupType::kUnknown),
                         .state = group_state_named(group.group_state),
                         .protocol_type = std::move(group.protocol_type),
                         .coordinator = answer.broker});
  }
}

}  // namespace

GroupState group_state_named(std::string_view text) { return group_state_of(text).value_or(GroupState::kUnknown); }

BrokerId coordinator_of(const metadata::Image& image, const std::string& group) {
  const auto topic = image.topic(broker::kOffsetsTopic);
  if (!topic) return kNoBroker;
  return topic->partition(record::coordinator_partition(group, std::int32_t(topic->partitions.size())))->leader;
}

Task<Outcome<GroupsSeen>> list_groups(const Call& call) {
  GroupsSeen seen;
  std::vector<Task<Answer>> asked;
  asked.push_back(ask_one(call, call.self()));
  for (const auto& [id, broker] : call.image->brokers()) {
    if (id == call.self()) continue;
    if (broker.fenced)
      seen.not_asked.push_back(id);
    else
      asked.push_back(ask_one(call, id));
  }
  auto answers = co_await gather(std::move(asked));
  if (const auto& own = answers.front().response; !own)
    co_return std::unexpected(problem_of(own.error().code, {}, "try again in a moment"));
  std::set<std::string> known;
  for (auto& answer : answers) {
    if (answer.response)
      co_await take(call, answer, known, seen);
    else
      seen.not_asked.push_back(answer.broker);
  }
  std::ranges::sort(seen.not_asked);
  co_return seen;
}

}  // namespace thalweg::console
