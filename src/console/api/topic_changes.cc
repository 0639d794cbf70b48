// POST /topics, DELETE /topics/{topic}, POST /topics/{topic}/partitions: topics come, go and grow.
#include <fmt/format.h>

#include "broker/topics.h"
#include "console/ask.h"
#include "console/leaders.h"
#include "console/plan.h"
#include "console/routes.h"
#include "console/topic_readers.h"
#include "console/topic_rows.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"

namespace thalweg::console {
namespace {

using broker::Operation;
using broker::topic_resource;
using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;

constexpr std::int32_t kTopicTimeoutMs = 30'000;
constexpr std::size_t kReadersNamed = 3;

std::string counted(std::int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// Which part of what was sent Kafka's error is about.
Problem about(ErrorCode code, const std::optional<std::string>& message) {
  Problem problem = problem_of(code, message.value_or(""));
  const auto path = code == ErrorCode::kInvalidTopicException || code == ErrorCode::kTopicAlreadyExists ? "/name"
                    : code == ErrorCode::kInvalidPartitions                                             ? "/partitions"
                    : code == ErrorCode::kInvalidReplicationFactor                                      ? "/replicas"
                    : code == ErrorCode::kInvalidConfig                                                 ? "/options"
                                                                                                        : nullptr;
  if (path) problem.fields = {{path, problem.title}};
  return problem;
}

// ---- created

Outcome<CreateTopicsRequest> creation_of(const CreateTopic& wanted, bool validate_only) {
  CreateTopicsRequest request;
  request.timeout_ms = kTopicTimeoutMs;
  request.validate_only = validate_only;
  auto& topic = request.topics.emplace_back();
  topic.name = wanted.name;
  topic.num_partitions = wanted.partitions.value_or(-1);
  const auto replicas = wanted.replicas.value_or(-1);
  if (!std::in_range<std::int16_t>(replicas)) return std::unexpected(invalid("/replicas", "an integer of 16 bits"));
  topic.replication_factor = std::int16_t(replicas);
  for (const auto& [name, value] : wanted.options.value_or(std::vector<OptionValue>())) {
    auto& option = topic.configs.emplace_back();
    option.name = name;
    option.value = value;
  }
  return request;
}

Task<Outcome<CreateTopicsResponse::CreatableTopicResult>> create_as(const Call& call, const CreateTopic& wanted,
                                                                    bool validate_only) {
  CO_TRY(auto request, creation_of(wanted, validate_only));
  CO_TRY(auto response, told(co_await ask<CreateTopicsResponse>(call, std::move(request))));
  if (response.topics.size() != 1) co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  auto& result = response.topics.front();
  if (result.error_code != ErrorCode::kNone) co_return std::unexpected(about(result.error_code, result.error_message));
  co_return std::move(result);
}

Task<Outcome<Planned>> plan_of_creating(const Call& call, const CreateTopic& wanted) {
  CO_TRY(const auto checked, co_await create_as(call, wanted, true));
  Planned planned{new_plan(call, fmt::format("Create the topic {} with {} and {} of each", wanted.name,
                                             counted(checked.num_partitions, "partition"),
                                             counted(checked.replication_factor, "replica"))),
                  {}};
  planned.facts.add("create").add(wanted.name).add(checked.num_partitions).add(checked.replication_factor);
  std::vector<std::string> words{"--create",
                                 "--topic",
                                 wanted.name,
                                 "--partitions",
                                 std::to_string(checked.num_partitions),
                                 "--replication-factor",
                                 std::to_string(checked.replication_factor)};
  for (const auto& [name, value] : wanted.options.value_or(std::vector<OptionValue>())) {
    planned.facts.add(name).add(value);
    words.insert(words.end(), {"--config", name + "=" + value});
  }
  planned.plan.command = tool_line(call, "kafka-topics", words);
  if (wanted.name.contains('.') && wanted.name.contains('_'))
    planned.plan.warnings.emplace_back(
        "names with dots and underscores may collide in metrics: it is best to use either, but not both");
  co_return planned;
}

Task<Outcome<Plan>> create_topic(const Call& call, PostTopics asked) {
  CO_TRY(auto planned, co_await plan_of_creating(call, asked.body));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  const auto made = co_await create_as(call, asked.body, false);
  co_return settled(call, std::move(planned.plan), made ? Outcome<>() : std::unexpected(made.error()));
}

// ---- deleted

// What is lost with it: records, and where its readers stand.
Task<> say_what_goes(const Call& call, const metadata::Topic& topic, Plan& plan) {
  std::vector<thalweg::TopicPartition> partitions;
  for (std::size_t i = 0; i < topic.partitions.size(); ++i)
    partitions.push_back({topic.name, PartitionId{std::int32_t(i)}});
  std::int64_t records = 0;
  bool all_known = true;
  for (const auto& log : co_await extents_of(call, std::move(partitions))) {
    all_known = all_known && log;
    if (log) records += log->end - log->start;
  }
  if (all_known) plan.records = records;
  auto all = co_await readers_of(call, topic.name);
  if (!all || !all->not_asked.empty())
    plan.warnings.emplace_back("not every broker has said which groups read it: there may be more");
  const auto readers = all ? std::move(all->readers) : std::vector<TopicReader>();
  std::string names;
  for (std::size_t i = 0; i < readers.size() && i < kReadersNamed; ++i)
    names += (i == 0 ? "" : ", ") + readers[i].group;
  if (!readers.empty())
    plan.warnings.push_back(
        fmt::format("{} committed offsets in it: {}{}",
                    readers.size() == 1 ? "a group has" : counted(std::int64_t(readers.size()), "group") + " have",
                    names, readers.size() > kReadersNamed ? " and more" : ""));
}

Task<Outcome<Planned>> plan_of_deleting_topic(const Call& call, metadata::TopicPtr topic) {
  Planned planned{new_plan(call, fmt::format("Delete the topic {} with its {}", topic->name,
                                             counted(std::int64_t(topic->partitions.size()), "partition"))),
                  {}};
  auto& plan = planned.plan;
  planned.facts.add("delete").add(to_string(topic->id)).add(std::int64_t(topic->partitions.size()));
  plan.confirm = topic->name;
  plan.command = tool_line(call, "kafka-topics", {"--delete", "--topic", topic->name});
  co_await say_what_goes(call, *topic, plan);
  if (broker::is_internal_topic(topic->name))
    plan.warnings.emplace_back("it is Kafka's own: what groups have committed, or transactions, are lost with it");
  if (!call.broker().config().delete_topic_enable)
    plan.blocked_by.emplace_back("delete.topic.enable is false: this cluster deletes no topics");
  co_return planned;
}

// By its id, so that one that was made again under the same name stays.
Task<Outcome<>> delete_by_id(const Call& call, Uuid id) {
  protocol::DeleteTopicsRequest request;
  request.timeout_ms = kTopicTimeoutMs;
  auto& wanted = request.topics.emplace_back();
  wanted.name = std::nullopt;
  wanted.topic_id = id;
  CO_TRY(const auto response, told(co_await ask<protocol::DeleteTopicsResponse>(call, std::move(request))));
  if (response.responses.size() != 1) co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  const auto& result = response.responses.front();
  if (result.error_code == ErrorCode::kNone) co_return Outcome<>();
  co_return std::unexpected(problem_of(result.error_code, result.error_message.value_or("")));
}

Task<Outcome<Plan>> delete_topic(const Call& call, DeleteTopic asked) {
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  CO_TRY_VOID(check_allowed(call, Operation::kDelete, topic_resource(topic->name)));
  CO_TRY(auto planned, co_await plan_of_deleting_topic(call, topic));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await delete_by_id(call, topic->id);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

// ---- grown

Task<Outcome<>> grow_to(const Call& call, const std::string& topic, std::int32_t partitions, bool validate_only) {
  protocol::CreatePartitionsRequest request;
  request.timeout_ms = kTopicTimeoutMs;
  request.validate_only = validate_only;
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic;
  wanted.count = partitions;
  wanted.assignments = std::nullopt;
  CO_TRY(const auto response, told(co_await ask<protocol::CreatePartitionsResponse>(call, std::move(request))));
  if (response.results.size() != 1) co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  const auto& result = response.results.front();
  if (result.error_code == ErrorCode::kNone) co_return Outcome<>();
  co_return std::unexpected(about(result.error_code, result.error_message));
}

Planned plan_of_growing(const Call& call, const metadata::Topic& topic, std::int32_t partitions) {
  const auto now = std::int64_t(topic.partitions.size());
  Planned planned{new_plan(call, fmt::format("Add {} to {}, which then has {}", counted(partitions - now, "partition"),
                                             topic.name, partitions)),
                  {}};
  planned.facts.add("grow").add(to_string(topic.id)).add(now).add(partitions);
  planned.plan.command =
      tool_line(call, "kafka-topics", {"--alter", "--topic", topic.name, "--partitions", std::to_string(partitions)});
  planned.plan.warnings.emplace_back(
      "keys move: new records of a key may go to another partition than its old ones, so their order is lost once");
  planned.plan.warnings.emplace_back("a topic never gets fewer partitions again");
  return planned;
}

Task<Outcome<Plan>> grow_topic(const Call& call, PostTopicPartitions asked) {
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  const auto partitions = asked.body.partitions;
  CO_TRY_VOID(co_await grow_to(call, topic->name, partitions, true));
  auto planned = plan_of_growing(call, *topic, partitions);
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await grow_to(call, topic->name, partitions, false);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

}  // namespace

void add_topic_changes(Routes& routes) {
  routes.add<PostTopics, create_topic>();
  routes.add<DeleteTopic, delete_topic>();
  routes.add<PostTopicPartitions, grow_topic>();
}

}  // namespace thalweg::console
