// DescribeProducers (61), version 0 (KIP-664). Who has written to a partition, as its leader knows: idempotent
// producers and those of transactions, with where an open one begins.
#include "broker/answer_bound.h"
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/describe_producers_request.h"
#include "protocol/describe_producers_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::DescribeProducersRequest;
using protocol::DescribeProducersResponse;
using ProducersOfPartition = DescribeProducersResponse::PartitionResponse;
using ProducerState = DescribeProducersResponse::ProducerState;

constexpr std::size_t kProducersAtOnce = 2000;

ProducerState state_of(const replica::Partitions::ActiveProducer& producer) {
  ProducerState out;
  out.producer_id = producer.id;
  out.producer_epoch = producer.epoch.value;
  out.last_sequence = producer.last_sequence;
  out.last_timestamp = producer.last_timestamp;
  out.coordinator_epoch = producer.coordinator_epoch;
  out.current_txn_start_offset = producer.transaction_start;
  return out;
}

// In slices; who comes or goes meanwhile is there or not.
Task<Result<std::vector<ProducerState>>> producers_of(const RequestContext& context, AnswerBound& bound,
                                                      const std::string& topic, PartitionId partition) {
  if (!context.allows(Operation::kRead, topic_resource(topic)))
    co_return fail(ErrorCode::kTopicAuthorizationFailed, "reading " + topic + " is not allowed");
  CO_TRY(const auto found, find_partition(*context.image, topic, partition));
  auto& owner = context.here.broker.owner_of(found.key);
  std::vector<ProducerState> all;
  for (ProducerId after = kNoProducerId;;) {
    CO_TRY(const auto some, co_await owner.shard.call(owner.partitions, &replica::Partitions::active_producers,
                                                      found.key, after, kProducersAtOnce));
    CO_TRY_VOID(bound.add(some.size() * sizeof(ProducerState)));
    for (const auto& producer : some) all.push_back(state_of(producer));
    if (some.size() < kProducersAtOnce) co_return all;
    after = some.back().id;
    co_await give_way();
  }
}

Task<DescribeProducersResponse> describe_producers(const RequestContext& context, DescribeProducersRequest request) {
  DescribeProducersResponse response;
  AnswerBound bound(context);
  Pace pace(kPartitionsAtOnce);
  for (const auto& topic : request.topics) {
    auto& of_topic = response.topics.emplace_back();
    of_topic.name = topic.name;
    for (const auto partition : topic.partition_indexes) {
      if (pace.due()) co_await give_way();
      auto& out = of_topic.partitions.emplace_back();
      out.partition_index = partition;
      auto found = co_await producers_of(context, bound, topic.name, partition);
      if (found) {
        out.active_producers = *std::move(found);
      } else {
        out.error_code = found.error().code;
        out.error_message = found.error().message;
      }
    }
  }
  co_return response;
}

}  // namespace

extern const Api kDescribeProducers = serve<&describe_producers>;

}  // namespace thalweg::broker
