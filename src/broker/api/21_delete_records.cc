// DeleteRecords (21), versions 0-2 (KIP-107). Offset -1 is the high watermark. With one replica the low watermark is
// the new log start.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"

namespace thalweg::broker {
namespace {

Task<Result<Offset>> delete_before(const RequestContext& context, const std::string& topic, PartitionId partition,
                                   Offset before) {
  CO_TRY(const auto found, find_partition(*context.image, topic, partition));
  if (is_internal_topic(topic))
    co_return fail(ErrorCode::kInvalidTopicException, topic + " belongs to its coordinator");
  auto& owner = context.here.broker.owner_of(found.key);
  co_return co_await owner.shard.call(owner.partitions, &replica::Partitions::delete_records, found.key, before);
}

Task<protocol::DeleteRecordsResponse> delete_records(const RequestContext& context,
                                                     protocol::DeleteRecordsRequest request) {
  protocol::DeleteRecordsResponse response;
  for (const auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    for (const auto& partition : topic.partitions) {
      auto& result = out.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      const auto low = co_await delete_before(context, topic.name, partition.partition_index, partition.offset);
      result.low_watermark = low ? *low : kNoOffset;
      if (!low) result.error_code = low.error().code;
    }
  }
  co_return response;
}

}  // namespace

extern const Api kDeleteRecords = serve<&delete_records>;

}  // namespace thalweg::broker
