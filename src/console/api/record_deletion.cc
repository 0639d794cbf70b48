// POST /topics/{topic}/delete-records: the oldest records of partitions go, up to an offset, a time, or all.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "broker/topics.h"
#include "console/leaders.h"
#include "console/plan.h"
#include "console/routes.h"
#include "console/topic_rows.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"

namespace thalweg::console {
namespace {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;

constexpr std::int32_t kDeletionTimeoutMs = 30'000;
constexpr Offset kUpToTheEnd{-1};  // as DeleteRecords says it

struct Deletion {
  thalweg::TopicPartition partition;
  Offset before;  // kUpToTheEnd: the end when it is done
};
struct PlannedDeletion {
  Planned planned;
  std::vector<Deletion> deletions;  // by partition
};

Outcome<> check_before(const DeleteRecords& wanted) {
  if (wanted.before == RecordsBefore::kOffset && wanted.offset.value_or(-1) < 0)
    return std::unexpected(invalid("/offset", "there, with offset, and zero or more"));
  const auto time = wanted.time.value_or(-1);
  if (wanted.before == RecordsBefore::kTime && (time < 0 || time > kTimeMax))
    return std::unexpected(invalid("/time", "there, with time: milliseconds since 1970, before the year 10000"));
  return {};
}

Outcome<std::vector<thalweg::TopicPartition>> partitions_to_clear(const metadata::Topic& topic,
                                                                  const DeleteRecords& wanted) {
  const auto count = std::int32_t(topic.partitions.size());
  const auto numbers = wanted.partitions.value_or(std::vector<std::int32_t>());
  std::set<std::int32_t> some(numbers.begin(), numbers.end());
  if (!some.empty() && (*some.begin() < 0 || *some.rbegin() >= count))
    return std::unexpected(invalid("/partitions", fmt::format("below {}, as many as the topic has", count)));
  for (std::int32_t i = 0; numbers.empty() && i < count; ++i) some.insert(i);
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto number : some) partitions.push_back({topic.name, PartitionId{number}});
  return partitions;
}

Offset target_in(const DeleteRecords& wanted, const LogEdges& range) {
  if (wanted.before == RecordsBefore::kOffset)
    return Offset{std::clamp(*wanted.offset, range.start.value, range.end.value)};
  if (wanted.before == RecordsBefore::kTime && range.at_time != kNoOffset) return std::min(range.at_time, range.end);
  return range.end;
}

void add_deletion(PlannedDeletion& deletion, const thalweg::TopicPartition& partition, const DeleteRecords& wanted,
                  const LogEdges& range) {
  const Offset to = target_in(wanted, range);
  const bool is_end = wanted.before == RecordsBefore::kEnd;
  auto& [planned, deletions] = deletion;
  // The end moves while somebody writes; "all of them" stays the same.
  planned.facts.add(partition.partition.value).add(is_end ? -1 : to.value);
  const std::int64_t records = to - range.start;
  planned.plan.records = planned.plan.records.value_or(0) + records;
  if (records == 0 && !is_end) return;
  deletions.push_back({partition, is_end ? kUpToTheEnd : to});
  add_offset_change(planned.plan, {.topic = partition.topic,
                                   .partition = partition.partition.value,
                                   .from = range.start.value,
                                   .to = to.value,
                                   .records = records});
}

void say_what_to_think_of(const std::string& topic, const DeleteRecords& wanted, PlannedDeletion& deletion) {
  auto& plan = deletion.planned.plan;
  plan.confirm = topic;
  plan.title = fmt::format("Delete {} records of {}", plan.records.value_or(0), topic);
  if (wanted.before == RecordsBefore::kEnd) plan.warnings.emplace_back("what is written until it is done goes, too");
  if (broker::is_internal_topic(topic))
    plan.blocked_by.insert(plan.blocked_by.begin(), topic + " belongs to its coordinator: its records stay");
  if (deletion.deletions.empty() && plan.blocked_by.empty())
    plan.blocked_by.emplace_back("There is nothing to delete: no record is older");
}

Task<Outcome<PlannedDeletion>> plan_of_deletion(const Call& call, const metadata::Topic& topic,
                                                const DeleteRecords& wanted) {
  CO_TRY_VOID(check_before(wanted));
  CO_TRY(const auto partitions, partitions_to_clear(topic, wanted));
  PlannedDeletion deletion{{new_plan(call, {}), {}}, {}};
  deletion.planned.facts.add("delete records").add(to_string(topic.id)).add(to_string(wanted.before));
  const auto time = wanted.before == RecordsBefore::kTime ? wanted.time : std::nullopt;
  const auto edges = co_await edges_of(call, partitions, time);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (edges[i])
      add_deletion(deletion, partitions[i], wanted, *edges[i]);
    else
      add_unknown_edges(deletion.planned.plan, partitions[i], edges[i].error());
  }
  say_what_to_think_of(topic.name, wanted, deletion);
  co_return deletion;
}

// All of one leader. The first error that a partition has.
Task<Outcome<>> delete_at(const Call& call, BrokerId leader, const std::vector<Deletion>& deletions,
                          const std::vector<std::size_t>& places) {
  DeleteRecordsRequest request;
  request.timeout_ms = kDeletionTimeoutMs;
  auto& topic = request.topics.emplace_back();
  topic.name = deletions[places.front()].partition.topic;
  for (const auto place : places)
    topic.partitions.push_back({deletions[place].partition.partition, deletions[place].before});
  CO_TRY(const auto response, told(co_await ask_broker<DeleteRecordsResponse>(call, leader, std::move(request),
                                                                              {.within = kLeaderAnswersWithin})));
  for (const auto& answered : response.topics)
    for (const auto& partition : answered.partitions)
      if (partition.error_code != ErrorCode::kNone)
        co_return std::unexpected(problem_of(
            partition.error_code,
            fmt::format("{}-{}: {}", answered.name, partition.partition_index.value, describe(partition.error_code)),
            "records of other partitions may have gone: plan again"));
  co_return Outcome<>();
}

Task<Outcome<>> delete_at_leaders(const Call& call, const std::vector<Deletion>& deletions) {
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& deletion : deletions) partitions.push_back(deletion.partition);
  Outcome<> done;
  for (const auto& [leader, places] : by_leader(*call.image, partitions)) {
    auto one = leader == kNoBroker ? Outcome<>(std::unexpected(problem_of(ErrorCode::kLeaderNotAvailable)))
                                   : co_await delete_at(call, leader, deletions, places);
    if (!one && done) done = std::move(one);
  }
  co_return done;
}

Task<Outcome<Plan>> delete_records(const Call& call, PostTopicDeleteRecords asked) {
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  CO_TRY_VOID(check_allowed(call, broker::Operation::kDelete, broker::topic_resource(topic->name)));
  CO_TRY(auto deletion, co_await plan_of_deletion(call, *topic, asked.body));
  CO_TRY(const bool is_act, is_act_of(asked, deletion.planned));
  if (!is_act) co_return std::move(deletion.planned.plan);
  auto done = co_await delete_at_leaders(call, deletion.deletions);
  co_return settled(call, std::move(deletion.planned.plan), std::move(done));
}

}  // namespace

void add_record_deletion(Routes& routes) { routes.add<PostTopicDeleteRecords, delete_records>(); }

}  // namespace thalweg::console
