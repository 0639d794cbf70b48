// POST /groups/{group}/offsets: a group without members goes on elsewhere, as with kafka-consumer-groups.
#include <fmt/format.h>

#include <map>
#include <set>

#include "console/leaders.h"
#include "console/one_group.h"
#include "console/plan.h"
#include "console/reset_plan.h"
#include "console/routes.h"
#include "console/topic_rows.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

using broker::Operation;
using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;

// Topics by name, and the newest in which they are.
constexpr std::int16_t kCommitVersion = 9;
constexpr std::size_t kResetsAtOnce = 2000;

struct Reset {
  thalweg::TopicPartition partition;
  Offset to;
};
struct PlannedReset {
  Planned planned;
  BrokerId coordinator;
  std::vector<Reset> resets;  // by topic and partition
};

// The partitions that are meant, sorted, with what is committed in them. A topic that is named is meant as a whole, as
// it is by Kafka's tool; without a name those are that have something committed.
Outcome<std::vector<ResetFrom>> partitions_to_reset(const Call& call, const OneGroup& group,
                                                    const ResetOffsets& wanted) {
  std::map<thalweg::TopicPartition, ResetFrom> all;
  if (wanted.topics) {
    const auto numbers = wanted.partitions.value_or(std::vector<std::int32_t>());
    const std::set<std::int32_t> some(numbers.begin(), numbers.end());
    for (const auto& name : *wanted.topics) {
      TRY(const auto topic, find_topic(call, name));
      const auto count = std::int32_t(topic->partitions.size());
      if (!some.empty() && (*some.begin() < 0 || *some.rbegin() >= count))
        return std::unexpected(invalid("/partitions", fmt::format("below {}, as many as {} has", count, name)));
      for (std::int32_t i = 0; i < count; ++i) {
        const thalweg::TopicPartition partition{name, PartitionId{i}};
        if (some.empty() || some.contains(i)) all[partition].partition = partition;
      }
    }
  }
  for (const auto& committed : group.committed.offsets) {
    if (committed.gone || (wanted.topics && !all.contains(committed.partition))) continue;
    auto& from = all[committed.partition];
    from.partition = committed.partition;
    from.committed = committed.offset;
  }
  std::vector<ResetFrom> partitions;
  for (auto& [partition, from] : all) partitions.push_back(std::move(from));
  return partitions;
}

// Asks the leaders. What could not be learnt stands in the way of the act.
Task<std::vector<ResetFrom>> with_ends(const Call& call, std::vector<ResetFrom> partitions, const ResetOffsets& wanted,
                                       Plan& plan) {
  std::vector<thalweg::TopicPartition> names;
  for (const auto& from : partitions) names.push_back(from.partition);
  const auto edges =
      co_await edges_of(call, std::move(names), wanted.to == ResetTo::kTime ? wanted.time : std::nullopt);
  std::vector<ResetFrom> known;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (!edges[i]) {
      add_unknown_edges(plan, partitions[i].partition, edges[i].error());
      continue;
    }
    auto& from = known.emplace_back(std::move(partitions[i]));
    from.start = edges[i]->start;
    from.end = edges[i]->end;
    from.at_time = edges[i]->at_time;
  }
  co_return known;
}

std::vector<std::string> reset_words(const std::string& group, const ResetOffsets& wanted) {
  std::vector<std::string> words{"--group", group, "--reset-offsets"};
  switch (wanted.to) {
    case ResetTo::kEarliest:
      words.emplace_back("--to-earliest");
      break;
    case ResetTo::kLatest:
      words.emplace_back("--to-latest");
      break;
    case ResetTo::kTime:
      words.insert(words.end(), {"--to-datetime", iso_time(*wanted.time)});
      break;
    case ResetTo::kOffset:
      words.insert(words.end(), {"--to-offset", std::to_string(*wanted.offset)});
      break;
    case ResetTo::kShift:
      words.insert(words.end(), {"--shift-by", std::to_string(*wanted.shift)});
      break;
  }
  if (!wanted.topics) words.emplace_back("--all-topics");
  for (const auto& topic : wanted.topics.value_or(std::vector<std::string>())) {
    std::string some;
    for (const auto partition : wanted.partitions.value_or(std::vector<std::int32_t>()))
      some += (some.empty() ? ":" : ",") + std::to_string(partition);
    words.insert(words.end(), {"--topic", topic + some});
  }
  words.emplace_back("--execute");
  return words;
}

void say_what_stands_in_the_way(const OneGroup& group, const PlannedReset& reset, Plan& plan) {
  const auto members = group.described.members.size();
  if (members > 0)
    plan.blocked_by.insert(plan.blocked_by.begin(), fmt::format("The group must be empty first: {} {} connected",
                                                                members, members == 1 ? "member is" : "members are"));
  if (reset.resets.empty() && plan.blocked_by.empty())
    plan.blocked_by.emplace_back("There is nothing to reset: the group has committed nothing there; name a topic");
}

void add_reset(PlannedReset& reset, const ResetFrom& from, Offset to, const ResetOffsets& wanted, const Call& call) {
  auto& facts = reset.planned.facts;
  facts.add(to_string(call.image->topic(std::string_view(from.partition.topic))->id));
  facts.add(from.partition.partition.value).add(from.committed ? from.committed->value : -1);
  // The end moves while somebody writes; "to the end" stays the same.
  if (wanted.to != ResetTo::kLatest) facts.add(to.value);
  add_offset_change(reset.planned.plan,
                    {.topic = from.partition.topic,
                     .partition = from.partition.partition.value,
                     .from = from.committed ? std::optional(from.committed->value) : std::nullopt,
                     .to = to.value,
                     .records = from.committed ? std::optional(to - *from.committed) : std::nullopt});
  reset.resets.push_back({from.partition, to});
}

Task<Outcome<PlannedReset>> plan_of_reset(const Call& call, const std::string& name, const ResetOffsets& wanted) {
  CO_TRY_VOID(check_reset(wanted));
  CO_TRY(const auto group, co_await find_group(call, name));
  CO_TRY(auto partitions, partitions_to_reset(call, group, wanted));
  PlannedReset reset{{new_plan(call, {}), {}}, group.coordinator, {}};
  auto& plan = reset.planned.plan;
  partitions = co_await with_ends(call, std::move(partitions), wanted, plan);
  reset.planned.facts.add("reset").add(name).add(to_string(wanted.to));
  ResetSums sums;
  std::size_t left_out = 0;
  Pace pace(kResetsAtOnce);
  for (const auto& from : partitions) {
    if (pace.due()) co_await give_way();
    const auto to = reset_target(wanted, from);
    left_out += to ? 0 : 1;
    if (!to) continue;
    sums.add(from, *to);
    add_reset(reset, from, *to, wanted, call);
  }
  plan.title = fmt::format("Reset {} {} of the group {}", reset.resets.size(),
                           reset.resets.size() == 1 ? "partition" : "partitions", name);
  plan.read_again = sums.read_again;
  plan.skipped = sums.skipped;
  plan.lag_after = sums.lag_after;
  plan.command = tool_line(call, "kafka-consumer-groups", reset_words(name, wanted));
  if (left_out > 0)
    plan.warnings.push_back(
        fmt::format("{} partitions stay as they are: nothing is committed in them to shift", left_out));
  if (wanted.to == ResetTo::kLatest)
    plan.warnings.emplace_back("what is written until it is applied is passed over, too");
  say_what_stands_in_the_way(group, reset, plan);
  co_return reset;
}

OffsetCommitRequest commit_of(const std::string& group, const std::vector<Reset>& resets) {
  OffsetCommitRequest request;
  request.group_id = group;
  for (const auto& [partition, to] : resets) {
    if (request.topics.empty() || request.topics.back().name != partition.topic)
      request.topics.emplace_back().name = partition.topic;
    auto& into = request.topics.back().partitions.emplace_back();
    into.partition_index = partition.partition;
    into.committed_offset = to;
  }
  return request;
}

Outcome<> outcome_of_commit(const OffsetCommitResponse& response) {
  for (const auto& topic : response.topics)
    for (const auto& partition : topic.partitions) {
      // Somebody joined since it was looked at: then the offsets are the members' own.
      if (partition.error_code == ErrorCode::kUnknownMemberId)
        return std::unexpected(problem_of(ErrorCode::kNonEmptyGroup, "Somebody has joined the group since",
                                          "stop its members, and plan again"));
      if (partition.error_code != ErrorCode::kNone)
        return std::unexpected(problem_of(
            partition.error_code,
            fmt::format("{}-{}: {}", topic.name, partition.partition_index.value, describe(partition.error_code))));
    }
  return {};
}

Task<Outcome<Plan>> reset_offsets(const Call& call, PostGroupOffsets asked) {
  CO_TRY_VOID(check_allowed(call, Operation::kRead, broker::group_resource(asked.group)));
  CO_TRY(auto reset, co_await plan_of_reset(call, asked.group, asked.body));
  CO_TRY(const bool is_act, is_act_of(asked, reset.planned));
  if (!is_act) co_return std::move(reset.planned.plan);
  const AskOptions by_name{.version = kCommitVersion};
  auto response = told(co_await ask_broker<OffsetCommitResponse>(call, reset.coordinator,
                                                                 commit_of(asked.group, reset.resets), by_name));
  auto done = response ? outcome_of_commit(*response) : Outcome<>(std::unexpected(std::move(response.error())));
  co_return settled(call, std::move(reset.planned.plan), std::move(done));
}

}  // namespace

void add_offset_reset(Routes& routes) { routes.add<PostGroupOffsets, reset_offsets>(); }

}  // namespace thalweg::console
