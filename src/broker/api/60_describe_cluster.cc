// DescribeCluster (60), versions 0-2 (KIP-700, KIP-919, KIP-1073).
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "protocol/describe_cluster_request.h"
#include "protocol/describe_cluster_response.h"

namespace thalweg::broker {
namespace {
constexpr std::int8_t kBrokers = 1, kControllers = 2;

Task<protocol::DescribeClusterResponse> describe_cluster(const RequestContext& context,
                                                         protocol::DescribeClusterRequest request) {
  protocol::DescribeClusterResponse response;
  response.endpoint_type = kBrokers;
  if (request.endpoint_type != kBrokers) {
    const bool controllers = request.endpoint_type == kControllers;
    response.error_code = controllers ? ErrorCode::kMismatchedEndpointType : ErrorCode::kUnsupportedEndpointType;
    response.error_message = controllers ? "The request was sent to an endpoint of the wrong type."
                                         : "Unsupported endpoint type " + std::to_string(request.endpoint_type);
    co_return response;
  }
  response.cluster_id = context.image->cluster_id();
  response.controller_id = any_live_broker(*context.image);
  for (const auto& [id, broker] : context.image->brokers()) {
    if (broker.fenced && !request.include_fenced_brokers) continue;
    const auto* endpoint = broker.endpoint(context.connection->listener);
    if (!endpoint) continue;
    auto& out = response.brokers.emplace_back();
    out.broker_id = id;
    out.host = endpoint->host;
    out.port = endpoint->port;
    out.rack = broker.rack;
    out.is_fenced = broker.fenced;
  }
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = authorized_operations(*context.connection, kCluster);
  co_return response;
}

}  // namespace

extern const Api kDescribeCluster = serve<&describe_cluster>;

}  // namespace thalweg::broker
