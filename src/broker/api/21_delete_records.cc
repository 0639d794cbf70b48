// DeleteRecords (21), versions 0-2 (KIP-107). Offset -1 is the high watermark. Answered when all replicas in sync have
// deleted the records too: Kafka waits for those that are not in sync as well, as long as their brokers are alive.
#include <algorithm>
#include <vector>

#include "broker/api/api.h"
#include "broker/audit.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

// `context` outlives it.
Task<Result<Offset>> delete_before(const RequestContext& context, std::string topic, PartitionId partition,
                                   Offset before, Instant deadline) {
  CO_TRY(const auto found, find_partition(*context.image, topic, partition));
  if (is_internal_topic(topic))
    co_return fail(ErrorCode::kInvalidTopicException, topic + " belongs to its coordinator");
  auto& owner = context.here.broker.owner_of(found.key);
  const auto low =
      co_await owner.shard.call(owner.partitions, &replica::Partitions::delete_records, found.key, before, deadline);
  if (low)
    log::info("records deleted", field("partition", TopicPartition{topic, partition}), field("log_start", *low),
              by(context));
  co_return low;
}

Task<protocol::DeleteRecordsResponse> delete_records(const RequestContext& context,
                                                     protocol::DeleteRecordsRequest request) {
  const Instant deadline = context.here.shard.clock.now() + Millis(std::max(request.timeout_ms, 0));
  std::vector<Task<Result<Offset>>> deleting;
  for (const auto& topic : request.topics)
    for (const auto& partition : topic.partitions)
      deleting.push_back(delete_before(context, topic.name, partition.partition_index, partition.offset, deadline));
  const auto lows = co_await gather(std::move(deleting));
  protocol::DeleteRecordsResponse response;
  Pace pace(kPartitionsAtOnce);
  auto low = lows.begin();
  for (const auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    for (const auto& partition : topic.partitions) {
      if (pace.due()) co_await give_way();
      auto& result = out.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      result.low_watermark = low->value_or(kNoOffset);
      if (!*low) result.error_code = low->error().code;
      ++low;
    }
  }
  co_return response;
}

}  // namespace

extern const Api kDeleteRecords = serve<&delete_records>;

}  // namespace thalweg::broker
