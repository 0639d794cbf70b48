#include "schema_registry/schemas_topic.h"

#include "base/log.h"
#include "broker/ask_controller.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/other_brokers.h"
#include "controller/internal_topics.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"

namespace thalweg::schema_registry {
namespace {

constexpr std::int16_t kReplicas = 3;  // kafkastore.topic.replication.factor; fewer where there are fewer brokers
constexpr std::int16_t kCreateVersion = 7;

protocol::CreateTopicsRequest creation(const metadata::Image& image) {
  protocol::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = kSchemasTopic;
  topic.num_partitions = 1;
  topic.replication_factor = controller::possible_replicas(kReplicas, image);
  topic.configs.push_back({"cleanup.policy", "compact"});
  return request;
}

metadata::TopicPtr topic_in(const broker::Broker& broker) {
  const auto& image = broker.shards().front()->image();
  return image ? image->topic(kSchemasTopic) : nullptr;
}

}  // namespace

bool SchemasTopic::exists() const { return topic_in(broker_) != nullptr; }

BrokerId SchemasTopic::leader() const {
  const auto topic = topic_in(broker_);
  return topic && topic->partitions.size() == 1 ? topic->partitions.front().leader : kNoBroker;
}

Task<Result<SchemasTopic::Place>> SchemasTopic::find() {
  auto topic = topic_in(broker_);
  if (!topic) {
    CO_TRY_VOID(co_await create());
    topic = topic_in(broker_);
  }
  if (!topic) co_return fail(ErrorCode::kCoordinatorNotAvailable, "the topic _schemas is gone again");
  if (topic->partitions.size() != 1)
    co_return fail(ErrorCode::kInvalidPartitions,
                   "the topic _schemas has more than one partition, so it is not a registry's");
  co_return Place{topic->id, topic->partitions.front().leader};
}

Task<Result<>> SchemasTopic::create() {
  co_await broker::wait_for_other_brokers(broker_, kReplicas);
  if (exists()) co_return Result<>();
  auto request = creation(*broker_.shards().front()->image());
  CO_TRY(const auto response, co_await broker::forward_to_controller<protocol::CreateTopicsResponse>(
                                  broker_, std::move(request), kCreateVersion, {}));
  for (const auto& topic : response.topics) {
    if (topic.error_code != ErrorCode::kNone && topic.error_code != ErrorCode::kTopicAlreadyExists)
      co_return fail(topic.error_code, "the topic _schemas cannot be created: " + topic.error_message.value_or(""));
    if (topic.error_code == ErrorCode::kNone)
      log::info("topic created on first use", field("topic", kSchemasTopic), field("by", "schema registry"));
  }
  co_return Result<>();
}

}  // namespace thalweg::schema_registry
