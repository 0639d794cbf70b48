// ThalwegQuorum (20000), version 0: ours. What the nodes of a cluster say to each other to found it, to join it, and as
// members of its metadata quorum (broker/quorum_receiver.h).
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/quorum_receiver.h"

namespace thalweg::broker {
namespace {

Task<protocol::ThalwegQuorumResponse> thalweg_quorum(const RequestContext& context,
                                                     protocol::ThalwegQuorumRequest request) {
  auto& broker = context.here.broker;
  if (!context.allows(Operation::kClusterAction, kCluster) || !broker.quorum_receiver()) {
    protocol::ThalwegQuorumResponse refused;
    refused.error_code =
        broker.quorum_receiver() ? ErrorCode::kClusterAuthorizationFailed : ErrorCode::kUnsupportedVersion;
    co_return refused;
  }
  co_return co_await broker.shard0().call(*broker.quorum_receiver(), &QuorumReceiver::answer, std::move(request));
}

}  // namespace

extern const Api kThalwegQuorum = serve<&thalweg_quorum>;

}  // namespace thalweg::broker
