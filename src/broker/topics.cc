#include "broker/topics.h"

#include <algorithm>
#include <cctype>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"

namespace thalweg::broker {
namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;

constexpr std::int16_t kCreateVersion = 7;

CreateTopicsRequest::CreatableTopic creatable(std::string name, std::int32_t partitions, std::int16_t replicas) {
  CreateTopicsRequest::CreatableTopic topic;
  topic.name = std::move(name);
  topic.num_partitions = partitions;
  topic.replication_factor = replicas;
  return topic;
}

void set(CreateTopicsRequest::CreatableTopic& topic, std::string name, std::string value) {
  CreateTopicsRequest::CreatableTopicConfig config;
  config.name = std::move(name);
  config.value = std::move(value);
  topic.configs.push_back(std::move(config));
}

// As many replicas as asked for, or as there are brokers: the topic must come to be on a single node too.
std::int16_t replicas_possible(const metadata::Image& image, std::int16_t wanted) {
  const auto live = std::ranges::count_if(image.brokers(), [](const auto& entry) { return entry.second.active(); });
  return std::int16_t(std::clamp<std::ptrdiff_t>(wanted, 1, std::max<std::ptrdiff_t>(live, 1)));
}

CreateTopicsRequest::CreatableTopic internal_topic(const RequestContext& context, const std::string& name) {
  const auto& config = context.here.broker.config();
  const bool offsets = name == kOffsetsTopic;
  auto topic =
      creatable(name, offsets ? config.offsets_topic_num_partitions : config.transaction_state_log_num_partitions,
                replicas_possible(*context.image, offsets ? config.offsets_topic_replication_factor
                                                          : config.transaction_state_log_replication_factor));
  set(topic, "cleanup.policy", "compact");
  set(topic, "compression.type", "producer");
  set(topic, "segment.bytes",
      std::to_string(offsets ? config.offsets_topic_segment_bytes : config.transaction_state_log_segment_bytes));
  if (!offsets) {
    set(topic, "min.insync.replicas",
        std::to_string(std::min<std::int32_t>(config.transaction_state_log_min_isr, topic.replication_factor)));
    set(topic, "unclean.leader.election.enable", "false");
  }
  return topic;
}

Task<Result<CreateTopicsResponse>> create(const RequestContext& context, CreateTopicsRequest request) {
  co_return co_await context.here.broker.ask_controller<CreateTopicsResponse>(std::move(request), kCreateVersion);
}

}  // namespace

bool is_internal_topic(std::string_view name) { return name == kOffsetsTopic || name == kTransactionTopic; }

bool is_legal_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return std::ranges::all_of(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-'; });
}

Task<std::map<std::string, ErrorCode>> auto_create_topics(RequestContext context, std::vector<std::string> names) {
  std::map<std::string, ErrorCode> refused;
  CreateTopicsRequest request;
  for (auto& name : names) {
    if (is_internal_topic(name)) {
      request.topics.push_back(internal_topic(context, name));
    } else {
      request.topics.push_back(creatable(name, -1, -1));
    }
  }
  const auto response = co_await create(context, std::move(request));
  if (!response) {
    for (const auto& name : names) refused[name] = ErrorCode::kLeaderNotAvailable;  // clients try again
    co_return refused;
  }
  for (const auto& topic : response->topics) {
    const bool there = topic.error_code == ErrorCode::kNone || topic.error_code == ErrorCode::kTopicAlreadyExists;
    if (!there) refused[topic.name] = topic.error_code;
  }
  co_return refused;
}

Task<Result<>> create_internal_topic(RequestContext context, std::string name) {
  CreateTopicsRequest request;
  request.topics.push_back(internal_topic(context, name));
  CO_TRY(const auto response, co_await create(context, std::move(request)));
  for (const auto& topic : response.topics)
    if (topic.error_code != ErrorCode::kNone && topic.error_code != ErrorCode::kTopicAlreadyExists)
      co_return fail(topic.error_code, topic.error_message.value_or(""));
  co_return Result<>();
}

BrokerId any_live_broker(const metadata::Image& image) {
  for (const auto& [id, broker] : image.brokers())
    if (!broker.fenced) return id;
  return kNoBroker;
}

namespace {
Result<FoundPartition> in_topic(metadata::TopicPtr topic, PartitionId partition) {
  const auto* state = topic->partition(partition);
  if (!state)
    return fail(ErrorCode::kUnknownTopicOrPartition, topic->name + " has no partition " + to_string(partition));
  const replica::PartitionKey key{topic->id, partition};
  return FoundPartition{std::move(topic), state, key};
}
}  // namespace

Result<FoundPartition> find_partition(const metadata::Image& image, std::string_view name, PartitionId partition) {
  auto topic = image.topic(name);
  if (!topic) return fail(ErrorCode::kUnknownTopicOrPartition, "there is no topic " + std::string(name));
  return in_topic(std::move(topic), partition);
}

Result<FoundPartition> find_partition(const metadata::Image& image, Uuid topic_id, PartitionId partition) {
  auto topic = image.topic(topic_id);
  if (!topic) return fail(ErrorCode::kUnknownTopicId, "there is no topic with id " + to_string(topic_id));
  return in_topic(std::move(topic), partition);
}

}  // namespace thalweg::broker
