#include "leader_route.h"

#include "cluster_node.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;
constexpr Instant kConnectWithin = 2s, kAnsweredWithin = 8s;
constexpr std::int16_t kMetadataVersion = 9, kCreateTopicsVersion = 7, kInitProducerIdVersion = 4;
}  // namespace

Task<Result<std::shared_ptr<network::Channel>>> ToTheLeader::to(PartitionId partition) {
  if (!leaders_.contains(partition)) CO_TRY_VOID(co_await look());
  const auto leader = leaders_.find(partition);
  if (leader == leaders_.end()) co_return fail(ErrorCode::kLeaderNotAvailable, "nobody leads it");
  co_return co_await to_broker(leader->second);
}

Task<Result<std::shared_ptr<network::Channel>>> ToTheLeader::to_any() {
  return to_broker(BrokerId{int(shard_.random.next() % kClusterNodes) + 1});
}

Task<Result<std::shared_ptr<network::Channel>>> ToTheLeader::to_broker(BrokerId id) {
  if (const auto known = channels_.find(id); known != channels_.end() && known->second->is_open())
    co_return known->second;
  CO_TRY(auto channel,
         co_await network::Channel::connect(shard_, client_endpoint(id.value), shard_.clock.now() + kConnectWithin));
  channels_[id] = channel;
  co_return channel;
}

Task<> ToTheLeader::take_a_producer_id(BrokerId of) {
  const auto channel = co_await to_broker(of);
  if (!channel) co_return;
  protocol::InitProducerIdRequest request;
  request.transactional_id.reset();
  co_await (*channel)->send<protocol::InitProducerIdResponse>(std::move(request), kInitProducerIdVersion,
                                                              shard_.clock.now() + kAnsweredWithin);
}

Task<Result<>> ToTheLeader::look() {
  CO_TRY(const auto channel, co_await to_any());
  protocol::MetadataRequest request;
  request.topics.emplace().emplace_back().name = topic_;
  request.allow_auto_topic_creation = false;
  CO_TRY(const auto response, co_await ask_or_close<protocol::MetadataResponse>(&shard_, channel, std::move(request),
                                                                                kMetadataVersion, kAnsweredWithin));
  for (const auto& topic : response.topics) {
    if (topic.error_code != ErrorCode::kNone) co_return fail(topic.error_code, "Metadata");
    for (const auto& partition : topic.partitions)
      if (partition.leader_id != kNoBroker) leaders_[partition.partition_index] = partition.leader_id;
  }
  co_return Result<>();
}

Task<> create_replicated_topic(const Shard* shard, std::string name, bool* done, Instant after) {
  ToTheLeader route(*shard);
  if (after > Instant{0}) {
    co_await shard->clock.sleep_for(after);
    for (int node = 1; node <= kClusterNodes; ++node) co_await route.take_a_producer_id(BrokerId{node});
  }
  for (;;) {
    const auto channel = co_await route.to_any();
    if (channel) {
      protocol::CreateTopicsRequest request;
      auto& topic = request.topics.emplace_back();
      topic.name = name;
      topic.num_partitions = kPartitions;
      topic.replication_factor = kClusterNodes;
      topic.configs.push_back({"min.insync.replicas", "2"});
      const auto response = co_await ask_or_close<protocol::CreateTopicsResponse>(
          shard, *channel, std::move(request), kCreateTopicsVersion, kAnsweredWithin);
      const auto code = response ? response->topics.at(0).error_code : ErrorCode::kNetworkException;
      if (code == ErrorCode::kNone || code == ErrorCode::kTopicAlreadyExists) break;
    }
    co_await pause(shard, 500ms);
  }
  *done = true;
}

}  // namespace thalweg::simulation
