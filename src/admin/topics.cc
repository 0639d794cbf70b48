#include "admin/topics.h"

#include <algorithm>
#include <numeric>

#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/describe_topic_partitions_request.h"
#include "protocol/describe_topic_partitions_response.h"
#include "protocol/list_partition_reassignments_request.h"
#include "protocol/list_partition_reassignments_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

Task<Result<std::vector<TopicListing>>> list_once(Client& client, Instant deadline) {
  CO_TRY(const auto response, co_await client.metadata({}, false, deadline));
  std::vector<TopicListing> topics;
  for (const auto& topic : response.topics)
    if (topic.error_code == ErrorCode::kNone && topic.name)
      topics.push_back({*topic.name, topic.topic_id, topic.is_internal});
  std::ranges::sort(topics, {}, &TopicListing::name);
  co_return topics;
}

void sort_partitions(TopicDescription& topic) { std::ranges::sort(topic.partitions, {}, &PartitionDescription::id); }

// The newer API, which pages and knows eligible leader replicas.
Task<Result<std::vector<TopicDescription>>> describe_by_pages(Client& client, ChannelPtr channel,
                                                              std::vector<std::string> names, Instant deadline) {
  std::ranges::sort(names);
  DescribeTopicPartitionsRequest request;
  for (const auto& name : names) request.topics.push_back({name});
  std::vector<TopicDescription> topics;
  for (;;) {
    CO_TRY(auto page,
           co_await send<DescribeTopicPartitionsResponse>(channel, request, client.request_deadline(deadline)));
    for (auto& topic : page.topics) {
      if (topic.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(topic.error_code));
      const std::string name = topic.name.value_or("");
      // A topic may continue on the next page.
      if (topics.empty() || topics.back().name != name)
        topics.push_back({.name = name, .id = topic.topic_id, .is_internal = topic.is_internal, .partitions = {}});
      for (auto& p : topic.partitions)
        topics.back().partitions.push_back({p.partition_index, p.leader_id, p.leader_epoch, std::move(p.replica_nodes),
                                            std::move(p.isr_nodes), std::move(p.eligible_leader_replicas),
                                            std::move(p.last_known_elr)});
    }
    if (!page.next_cursor) break;
    const auto& cursor = *page.next_cursor;
    std::erase_if(request.topics, [&](const auto& topic) { return topic.name < cursor.topic_name; });
    request.cursor = {cursor.topic_name, cursor.partition_index};
  }
  co_return topics;
}

Task<Result<std::vector<TopicDescription>>> describe_by_metadata(Client& client, std::vector<std::string> names,
                                                                 Instant deadline) {
  CO_TRY(auto response, co_await client.metadata(std::move(names), false, deadline));
  std::vector<TopicDescription> topics;
  for (auto& topic : response.topics) {
    if (topic.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(topic.error_code));
    auto& described = topics.emplace_back();
    described = {
        .name = topic.name.value_or(""), .id = topic.topic_id, .is_internal = topic.is_internal, .partitions = {}};
    for (auto& p : topic.partitions)
      described.partitions.push_back(
          {p.partition_index, p.leader_id, p.leader_epoch, std::move(p.replica_nodes), std::move(p.isr_nodes), {}, {}});
  }
  co_return topics;
}

Task<Result<std::vector<TopicDescription>>> describe_once(Client& client, std::vector<std::string> names,
                                                          Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  Result<std::vector<TopicDescription>> described;
  if (channel->version_of(DescribeTopicPartitionsRequest::kKey, 0, 0))
    described = co_await describe_by_pages(client, channel, names, deadline);
  else
    described = co_await describe_by_metadata(client, names, deadline);
  if (!described) co_return described;
  for (auto& topic : *described) sort_partitions(topic);
  const auto place = [&](const TopicDescription& topic) {
    return std::ranges::find(names, topic.name) - names.begin();
  };
  std::ranges::sort(*described, {}, place);
  co_return described;
}

// The outcome of each topic, in their order.
Task<Result<std::vector<Result<>>>> create_once(Client& client, std::vector<NewTopic> topics, Instant deadline) {
  CO_TRY(const auto channel, co_await client.controller(deadline));
  CreateTopicsRequest request;
  for (const NewTopic& topic : topics) {
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic.name;
    wanted.num_partitions = topic.partitions;
    wanted.replication_factor = topic.replication_factor;
    for (std::size_t i = 0; i < topic.assignment.size(); ++i)
      wanted.assignments.push_back({PartitionId{static_cast<std::int32_t>(i)}, topic.assignment[i]});
    for (const auto& [name, value] : topic.configs) wanted.configs.push_back({name, value});
  }
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  CO_TRY(const auto response,
         co_await send<CreateTopicsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  std::vector<Result<>> outcomes;
  for (const NewTopic& topic : topics) {
    const auto result = std::ranges::find(response.topics, topic.name, [](const auto& t) { return t.name; });
    if (result == response.topics.end())
      outcomes.push_back(fail(ErrorCode::kUnknownServerError, "the controller does not say what became of it"));
    else if (result->error_code != ErrorCode::kNone)
      outcomes.push_back(std::unexpected(error_of(result->error_code, result->error_message)));
    else
      outcomes.emplace_back();
  }
  co_return outcomes;
}

Task<Result<>> delete_once(Client& client, std::string name, Instant deadline) {
  CO_TRY(const auto channel, co_await client.controller(deadline));
  DeleteTopicsRequest request;
  constexpr std::int16_t kByNameOrId = 6;
  CO_TRY(const auto version, channel->version_of(request.kKey, request.kMinVersion, request.kMaxVersion));
  if (version >= kByNameOrId)
    request.topics.emplace_back().name = name;
  else
    request.topic_names.push_back(name);
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  CO_TRY(const auto response,
         co_await channel->send<DeleteTopicsResponse>(std::move(request), version, client.request_deadline(deadline)));
  for (const auto& result : response.responses)
    if (result.error_code != ErrorCode::kNone)
      co_return std::unexpected(error_of(result.error_code, result.error_message));
  co_return Result<>();
}

Task<Result<>> grow_once(Client& client, std::string name, std::int32_t count,
                         std::vector<std::vector<BrokerId>> assignment, Instant deadline) {
  CO_TRY(const auto channel, co_await client.controller(deadline));
  CreatePartitionsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = name;
  topic.count = count;
  topic.assignments.reset();
  if (!assignment.empty()) {
    topic.assignments.emplace();
    for (auto& replicas : assignment) topic.assignments->push_back({std::move(replicas)});
  }
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  CO_TRY(const auto response,
         co_await send<CreatePartitionsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  for (const auto& result : response.results)
    if (result.error_code != ErrorCode::kNone)
      co_return std::unexpected(error_of(result.error_code, result.error_message));
  co_return Result<>();
}

Task<Result<std::vector<Reassignment>>> list_reassignments_once(Client& client, Instant deadline) {
  std::vector<Reassignment> under_way;
  CO_TRY(const auto channel, co_await client.controller(deadline));
  const auto response = co_await send<ListPartitionReassignmentsResponse>(channel, ListPartitionReassignmentsRequest{},
                                                                          client.request_deadline(deadline));
  if (!response && response.error().code == ErrorCode::kUnsupportedVersion) co_return under_way;
  if (!response) co_return std::unexpected(response.error());
  if (response->error_code != ErrorCode::kNone)
    co_return std::unexpected(error_of(response->error_code, response->error_message));
  for (const auto& topic : response->topics)
    for (const auto& p : topic.partitions)
      under_way.push_back({{topic.name, p.partition_index}, p.adding_replicas, p.removing_replicas, p.replicas});
  co_return under_way;
}

}  // namespace

Task<Result<std::vector<TopicListing>>> list_topics(Client& client) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto topics = co_await list_once(client, deadline);
    if (topics || !co_await retry.again(topics.error())) co_return topics;
  }
}

Task<Result<std::vector<TopicDescription>>> describe_topics(Client& client, std::vector<std::string> names) {
  if (names.empty()) co_return std::vector<TopicDescription>();  // on the wire, no names would mean all topics
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto topics = co_await describe_once(client, names, deadline);
    // Retriable for a producer, which waits for a topic to be created; here it is the answer.
    if (topics || topics.error().code == ErrorCode::kUnknownTopicOrPartition || !co_await retry.again(topics.error()))
      co_return topics;
  }
}

Task<Result<>> create_topic(Client& client, NewTopic topic) {
  std::vector<NewTopic> one{std::move(topic)};
  auto outcomes = co_await create_topics(client, std::move(one));
  co_return std::move(outcomes.front());
}

Task<std::vector<Result<>>> create_topics(Client& client, std::vector<NewTopic> topics) {
  const Instant deadline = client.api_deadline();
  std::vector<Result<>> outcomes(topics.size());
  std::vector<std::size_t> open(topics.size());  // of these nothing final is known
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (Retry retry(client, deadline); !open.empty();) {
    std::vector<NewTopic> asked;
    for (const std::size_t i : open) asked.push_back(topics[i]);
    const auto answer = co_await create_once(client, std::move(asked), deadline);
    for (std::size_t k = 0; k < open.size(); ++k)
      outcomes[open[k]] = answer ? (*answer)[k] : std::unexpected(answer.error());
    std::erase_if(open, [&](std::size_t i) { return outcomes[i].has_value(); });
    if (open.empty()) break;
    // What passes concerns all of them: there is no controller, or it is another one.
    const Error why = outcomes[open.front()].error();
    if (!co_await retry.again(why)) break;
    std::erase_if(open, [&](std::size_t i) { return outcomes[i].error().code != why.code; });
  }
  co_return outcomes;
}

Task<Result<>> delete_topic(Client& client, std::string name) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto deleted = co_await delete_once(client, name, deadline);
    if (deleted || deleted.error().code == ErrorCode::kUnknownTopicOrPartition ||
        !co_await retry.again(deleted.error()))
      co_return deleted;
  }
}

Task<Result<>> create_partitions(Client& client, std::string name, std::int32_t count,
                                 std::vector<std::vector<BrokerId>> assignment) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto grown = co_await grow_once(client, name, count, assignment, deadline);
    if (grown || grown.error().code == ErrorCode::kUnknownTopicOrPartition || !co_await retry.again(grown.error()))
      co_return grown;
  }
}

Task<Result<std::vector<Reassignment>>> list_reassignments(Client& client) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto listed = co_await list_reassignments_once(client, deadline);
    if (listed || !co_await retry.again(listed.error())) co_return listed;
  }
}

}  // namespace thalweg::admin
