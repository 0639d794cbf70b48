// OffsetForLeaderEpoch (23), versions 2-4 (KIP-101, KIP-279, KIP-320).
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/offset_for_leader_epoch_request.h"
#include "protocol/offset_for_leader_epoch_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

Task<Result<record::EpochEnd>> end_of(const RequestContext& context, const std::string& topic, PartitionId partition,
                                      LeaderEpoch current, LeaderEpoch asked) {
  CO_TRY(const auto found, find_partition(*context.image, topic, partition));
  auto& owner = context.here.broker.owner_of(found.key);
  co_return co_await owner.shard.call(owner.partitions, &replica::Partitions::end_offset_for_epoch, found.key, current,
                                      asked);
}

Task<protocol::OffsetForLeaderEpochResponse> offset_for_leader_epoch(const RequestContext& context,
                                                                     protocol::OffsetForLeaderEpochRequest request) {
  protocol::OffsetForLeaderEpochResponse response;
  Pace pace(kPartitionsAtOnce);
  for (const auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.topic = topic.topic;
    for (const auto& partition : topic.partitions) {
      if (pace.due()) co_await give_way();
      auto& result = out.partitions.emplace_back();
      result.partition = partition.partition;
      const auto end = co_await end_of(context, topic.topic, partition.partition, partition.current_leader_epoch,
                                       partition.leader_epoch);
      if (!end) {
        result.error_code = end.error().code;
        continue;
      }
      result.leader_epoch = end->epoch;
      result.end_offset = end->end_offset;
    }
  }
  co_return response;
}

}  // namespace

extern const Api kOffsetForLeaderEpoch = serve<&offset_for_leader_epoch>;

}  // namespace thalweg::broker
