#include "broker/topics.h"

#include "broker/ask_controller.h"
#include "broker/audit.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/other_brokers.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"

namespace thalweg::broker {
namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;

constexpr std::int16_t kCreateVersion = 7;

// A topic that nobody has asked to create: with what its coordinator needs, or with defaults.
CreateTopicsRequest::CreatableTopic wanted_topic(const RequestContext& context, std::string_view name) {
  auto internal = controller::internal_topic(name, context.here.broker.config(), *context.image);
  return internal ? *std::move(internal) : controller::default_topic(name);
}

Task<Result<CreateTopicsResponse>> create(const RequestContext& context, CreateTopicsRequest request,
                                          ForwardedFrom from) {
  co_return co_await forward_to_controller<CreateTopicsResponse>(context.here.broker, std::move(request),
                                                                 kCreateVersion, std::move(from));
}

}  // namespace

Task<std::map<std::string, ErrorCode>> auto_create_topics(RequestContext context, std::vector<std::string> names) {
  std::map<std::string, ErrorCode> refused;
  const auto& config = context.here.broker.config();
  for (const auto& name : names)
    if (controller::is_internal_topic(name))
      co_await wait_for_other_brokers(context.here.broker, controller::wanted_replicas(name, config));
  context.image = context.here.image();
  CreateTopicsRequest request;
  for (const auto& name : names) request.topics.push_back(wanted_topic(context, name));
  const auto response = co_await create(context, std::move(request), forwarded_from(context));
  if (!response) {
    for (const auto& name : names) refused[name] = ErrorCode::kLeaderNotAvailable;  // clients try again
    co_return refused;
  }
  for (const auto& topic : response->topics) {
    const bool there = topic.error_code == ErrorCode::kNone || topic.error_code == ErrorCode::kTopicAlreadyExists;
    if (!there) refused[topic.name] = topic.error_code;
    if (topic.error_code == ErrorCode::kNone)
      log::info("topic created on first use", field("topic", topic.name), by(context));
  }
  co_return refused;
}

Task<Result<>> create_internal_topic(RequestContext context, std::string name) {
  const auto& config = context.here.broker.config();
  co_await wait_for_other_brokers(context.here.broker, controller::wanted_replicas(name, config));
  context.image = context.here.image();
  if (context.image->topic(name)) co_return Result<>();
  CreateTopicsRequest request;
  request.topics.push_back(wanted_topic(context, name));
  CO_TRY(const auto response, co_await create(context, std::move(request), {}));  // the broker's own
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
