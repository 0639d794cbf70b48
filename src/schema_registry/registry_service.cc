#include "schema_registry/registry_service.h"

#include "base/log.h"
#include "broker/ask_controller.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/leadership.h"
#include "controller/internal_topics.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"

namespace thalweg::schema_registry {
namespace {

using namespace std::chrono_literals;
using registry::Code;

constexpr Instant kLoadedWithin = 10s;  // what a request waits for the registry to be read from its log
constexpr Instant kLookAgainAfter = 5ms;
constexpr std::int16_t kReplicas = 3;  // kafkastore.topic.replication.factor; fewer where there are fewer brokers
constexpr std::int16_t kCreateVersion = 7;

protocol::CreateTopicsRequest schemas_topic(const metadata::Image& image) {
  protocol::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = kSchemasTopic;
  topic.num_partitions = 1;
  topic.replication_factor = controller::possible_replicas(kReplicas, image);
  topic.configs.push_back({"cleanup.policy", "compact"});
  return request;
}

auto machines(const broker::Broker& broker) {
  return [&broker](const Shard&, const storage::LogConfig& log) {
    const auto& config = broker.config();
    const auto batch_max = std::int64_t(coordinator::LogJournal::batch_bytes_max(log));
    registry::RegistryConfig options;
    options.level = schema::compatibility_level_named(config.schema_compatibility_level).value_or(options.level);
    // Keys, and what a batch and a record have around them.
    constexpr std::int64_t kAround = 4096;
    options.record_bytes_max = std::size_t(std::max(batch_max - kAround, std::int64_t(0)));
    return std::make_unique<registry::RegistryMachine>(options);
  };
}

}  // namespace

RegistryService::RegistryService(broker::Broker& broker, Workers& workers)
    : broker_(broker),
      workshop_(workers),
      coordinators_(broker::shards_of(broker), "schema registry", machines(broker)) {
  broker::follow_leadership(broker, kSchemasTopic, coordinators_);
}

Task<Result<RegistryService::Place>> RegistryService::place() {
  const auto topic_now = [this] { return broker_.shards().front()->image()->topic(kSchemasTopic); };
  auto topic = topic_now();
  if (!topic) {
    CO_TRY_VOID(co_await create_topic());
    topic = topic_now();
  }
  if (!topic) co_return fail(ErrorCode::kCoordinatorNotAvailable, "the topic _schemas is gone again");
  if (topic->partitions.size() != 1)
    co_return fail(ErrorCode::kInvalidPartitions,
                   "the topic _schemas has more than one partition, so it is not a registry's");
  if (topic->partitions.front().leader != broker_.config().node_id)
    co_return fail(ErrorCode::kNotCoordinator, "another broker leads _schemas; ask that one");
  co_return Place{broker_.owner_of({topic->id, PartitionId{0}}).shard.id};
}

Task<Result<>> RegistryService::create_topic() {
  auto request = schemas_topic(*broker_.shards().front()->image());
  CO_TRY(const auto response,
         co_await broker::ask_controller<protocol::CreateTopicsResponse>(broker_, std::move(request), kCreateVersion));
  for (const auto& topic : response.topics) {
    if (topic.error_code != ErrorCode::kNone && topic.error_code != ErrorCode::kTopicAlreadyExists)
      co_return fail(topic.error_code, "the topic _schemas cannot be created: " + topic.error_message.value_or(""));
    if (topic.error_code == ErrorCode::kNone)
      log::info("topic created on first use", field("topic", kSchemasTopic), field("by", "schema registry"));
  }
  co_return Result<>();
}

Instant RegistryService::deadline() const { return broker_.shard0().clock.now() + kLoadedWithin; }

Task<bool> RegistryService::wait_until(Instant deadline) {
  auto& clock = broker_.shard0().clock;
  if (clock.now() >= deadline) co_return false;
  co_await clock.sleep_for(kLookAgainAfter);
  co_return true;
}

registry::Failure RegistryService::failure_of(const Error& error) {
  const auto code = [&] {
    switch (error.code) {
      case ErrorCode::kNotCoordinator:
        return Code::kNoLeader;
      case ErrorCode::kCoordinatorLoadInProgress:
      case ErrorCode::kRequestTimedOut:
        return Code::kTimeout;
      default:
        return Code::kStoreFailure;
    }
  }();
  return {code, error.message.empty() ? std::string(name(error.code)) : error.message};
}

}  // namespace thalweg::schema_registry
