// WriteTxnMarkers (27), versions 1-2 (KIP-98; version 2: KIP-1228). The end of transactions, as their coordinators have
// decided it, or an administrator for one that hangs (KIP-664): written to the partitions that are led here, answered
// when it is committed (acks=all). Two-staged, so that the markers of the next request are written meanwhile.
//
// What is written to __consumer_offsets goes through the coordinator of groups. From transaction.version 2 on a marker
// that comes again is INVALID_PRODUCER_EPOCH, as in Kafka; here only when what it repeats is committed, so that a
// coordinator may take it for written.
#include <algorithm>
#include <iterator>
#include <map>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"
#include "record/builder.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;
using MarkerResult = WriteTxnMarkersResponse::WritableTxnMarkerPartitionResult;

// Of one request; a coordinator asks again for the rest.
constexpr std::size_t kMarkersMax = 100'000;

struct MarkerSlot {
  std::size_t marker, topic, partition;
};
// What became of one marker in stage one, on the partition's shard.
struct WrittenMarker {
  ErrorCode error = ErrorCode::kNone;
  std::optional<replica::Partitions::Wait> wait;  // committed then
};
struct MarkerWork {
  std::vector<replica::Partitions::Append> appends;
  std::vector<MarkerSlot> slots;
};

// On the owner's shard.
Task<std::vector<WrittenMarker>> write_markers(BrokerShard& owner, std::vector<replica::Partitions::Append> appends) {
  std::vector<replica::PartitionKey> keys;
  for (const auto& append : appends) keys.push_back(append.key);
  const auto results = co_await owner.partitions.append(std::move(appends));
  std::vector<WrittenMarker> written(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto& [error, wait] = written[i];
    if (results[i]) {
      wait = {keys[i], results[i]->end(), results[i]->leader_epoch};
      continue;
    }
    error = results[i].error().error.code;
    const auto partition = owner.partitions.find(keys[i]);
    if (error == ErrorCode::kInvalidProducerEpoch && partition && partition->is_leader())
      wait = {keys[i], partition->log().end_offset(), partition->leader_epoch()};
  }
  co_return written;
}

class WriteTxnMarkers {
 public:
  WriteTxnMarkers(const RequestContext& context, WriteTxnMarkersRequest request)
      : context_(context), request_(std::move(request)) {}

  Task<Staged<WriteTxnMarkersResponse>> run() {
    co_await lay_out();
    if (!context_.allows(Operation::kClusterAction, kCluster) && !context_.allows(Operation::kAlter, kCluster)) {
      refuse_all(ErrorCode::kClusterAuthorizationFailed);
      co_return Staged<WriteTxnMarkersResponse>{.now = std::move(response_)};
    }
    co_await write();
    if (waits_.empty() && offsets_.empty()) co_return Staged<WriteTxnMarkersResponse>{.now = std::move(response_)};
    const Instant deadline = later(context_.now(), context_.here.broker.config().request_timeout);
    co_return Staged<WriteTxnMarkersResponse>{.later = committed(context_.for_stage_two(), std::move(response_),
                                                                 std::move(waits_), std::move(offsets_), deadline)};
  }

 private:
  struct ShardWaits {
    std::vector<replica::Partitions::Wait> waits;
    std::vector<MarkerSlot> slots;
  };
  using Waits = std::map<unsigned, ShardWaits>;
  struct OffsetsMarker {
    PartitionId partition;
    TransactionMarker marker;
    MarkerSlot slot;
  };

  Task<> lay_out() {
    Pace pace(kPartitionsAtOnce);
    for (const auto& marker : request_.markers) {
      auto& out = response_.markers.emplace_back();
      out.producer_id = marker.producer_id;
      for (const auto& topic : marker.topics) {
        if (pace.due()) co_await give_way();
        auto& of_topic = out.topics.emplace_back();
        of_topic.name = topic.name;
        for (const auto partition : topic.partition_indexes)
          of_topic.partitions.push_back({.partition_index = partition, .error_code = ErrorCode::kRequestTimedOut});
      }
    }
  }

  void refuse_all(ErrorCode code) {
    for (auto& marker : response_.markers)
      for (auto& topic : marker.topics)
        for (auto& partition : topic.partitions) partition.error_code = code;
  }

  static MarkerResult& at(WriteTxnMarkersResponse& response, const MarkerSlot& slot) {
    return response.markers[slot.marker].topics[slot.topic].partitions[slot.partition];
  }

  // In slices, in the order of the request.
  Task<> write() {
    std::size_t count = 0;
    for (std::size_t m = 0; m < request_.markers.size(); ++m) {
      const auto& topics = request_.markers[m].topics;
      for (std::size_t t = 0; t < topics.size(); ++t) {
        for (std::size_t p = 0; p < topics[t].partition_indexes.size(); ++p) {
          if (++count > kMarkersMax) break;
          add({m, t, p});
          if (count % kPartitionsAtOnce == 0) co_await write_slice();
        }
      }
    }
    co_await write_slice();
  }

  void add(MarkerSlot slot) {
    const auto& marker = request_.markers[slot.marker];
    const auto& topic = marker.topics[slot.topic];
    const PartitionId partition = topic.partition_indexes[slot.partition];
    auto& out = at(response_, slot);
    const auto found = find_partition(*context_.image, topic.name, partition);
    const BrokerId self = context_.here.broker.config().node_id;
    if (!found || std::ranges::find(found->state->replicas, self) == found->state->replicas.end()) {
      out.error_code = ErrorCode::kUnknownTopicOrPartition;
      return;
    }
    const int transaction_version = context_.version >= 2 ? marker.transaction_version : 0;
    if (topic.name == kOffsetsTopic) {
      offsets_.push_back({partition,
                          {.producer_id = marker.producer_id,
                           .producer_epoch = marker.producer_epoch,
                           .coordinator_epoch = marker.coordinator_epoch,
                           .commit = marker.transaction_result,
                           .transaction_version = transaction_version},
                          slot});
      return;
    }
    auto& work = work_[context_.here.broker.owner_of(found->key).shard.id];
    work.slots.push_back(slot);
    work.appends.push_back({found->key,
                            {.records = record::end_transaction_marker(marker.transaction_result, marker.producer_id,
                                                                       marker.producer_epoch, marker.coordinator_epoch,
                                                                       context_.here.shard.clock.wall()),
                             .origin = storage::AppendOrigin::kCoordinator,
                             .transaction_version = transaction_version}});
  }

  Task<> write_slice() {
    for (auto& [shard, work] : std::exchange(work_, {})) {
      auto& owner = *context_.here.broker.shards()[shard];
      const auto written = co_await owner.shard.call(owner, &write_markers, std::move(work.appends));
      auto& waits = waits_[shard];
      for (std::size_t i = 0; i < written.size(); ++i) {
        at(response_, work.slots[i]).error_code = written[i].error;
        if (!written[i].wait) continue;
        waits.waits.push_back(*written[i].wait);
        waits.slots.push_back(work.slots[i]);
      }
    }
    co_await give_way();
  }

  static Task<ErrorCode> end_offsets(const RequestContext* context, PartitionId partition, TransactionMarker marker) {
    const auto ended = co_await context->here.broker.groups().end_transaction(*context, partition, marker);
    co_return ended ? ErrorCode::kNone : ended.error().code;
  }

  // Stage two: over values, as the request's own are gone by then.
  static Task<WriteTxnMarkersResponse> committed(RequestContext context, WriteTxnMarkersResponse response, Waits waits,
                                                 std::vector<OffsetsMarker> offsets, Instant deadline) {
    std::vector<Task<ErrorCode>> ending;
    for (const auto& of : offsets) ending.push_back(end_offsets(&context, of.partition, of.marker));
    std::vector<Task<std::vector<Result<>>>> waiting;
    std::vector<std::vector<MarkerSlot>> slots;
    for (auto& [shard, of] : waits) {
      auto& owner = *context.here.broker.shards()[shard];
      slots.push_back(std::move(of.slots));
      waiting.push_back(
          owner.shard.call(owner.partitions, &replica::Partitions::committed, std::move(of.waits), deadline));
    }
    const auto outcomes = co_await gather(std::move(waiting));
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      for (std::size_t j = 0; j < slots[i].size(); ++j)
        if (!outcomes[i][j]) at(response, slots[i][j]).error_code = outcomes[i][j].error().code;
    const auto ended = co_await gather(std::move(ending));
    for (std::size_t i = 0; i < offsets.size(); ++i) at(response, offsets[i].slot).error_code = ended[i];
    co_return response;
  }

  const RequestContext& context_;
  WriteTxnMarkersRequest request_;
  WriteTxnMarkersResponse response_;
  std::map<unsigned, MarkerWork> work_;  // of the slice
  Waits waits_;
  std::vector<OffsetsMarker> offsets_;
};

Task<Staged<WriteTxnMarkersResponse>> write_txn_markers(const RequestContext& context, WriteTxnMarkersRequest request) {
  WriteTxnMarkers writing(context, std::move(request));
  co_return co_await writing.run();
}

}  // namespace

extern const Api kWriteTxnMarkers = serve<&write_txn_markers>;

}  // namespace thalweg::broker
