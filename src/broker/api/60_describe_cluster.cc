// DescribeCluster (60), versions 0-2 (KIP-700, KIP-919, KIP-1073). Of brokers, or on a listener for controllers, of
// those.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/quorum_view.h"
#include "broker/topics.h"
#include "protocol/describe_cluster_request.h"
#include "protocol/describe_cluster_response.h"

namespace thalweg::broker {
namespace {
constexpr std::int8_t kBrokers = 1, kControllers = 2;

// On a listener for controllers: the nodes behind listeners of its kind (KIP-919).
Task<protocol::DescribeClusterResponse> describe_controllers(const RequestContext& context,
                                                             protocol::DescribeClusterResponse response) {
  auto& broker = context.here.broker;
  const auto view = co_await broker.shard0().call(broker, &Broker::controllers, context.connection->listener);
  response.cluster_id = context.image->cluster_id();
  response.controller_id = view.leader;
  for (const auto& controller : view.controllers) {
    auto& out = response.brokers.emplace_back();
    out.broker_id = controller.node;
    out.host = controller.endpoint.host;
    out.port = controller.endpoint.port;
  }
  co_return response;
}

Task<protocol::DescribeClusterResponse> describe_cluster(const RequestContext& context,
                                                         protocol::DescribeClusterRequest request) {
  protocol::DescribeClusterResponse response;
  const bool of_controllers = context.connection->role.asks_this_controller();
  response.endpoint_type = of_controllers ? kControllers : kBrokers;
  if (request.endpoint_type != response.endpoint_type) {
    const bool known = request.endpoint_type == kControllers || request.endpoint_type == kBrokers;
    response.error_code = known ? ErrorCode::kMismatchedEndpointType : ErrorCode::kUnsupportedEndpointType;
    response.error_message = known ? "The request was sent to an endpoint of the wrong type."
                                   : "Unsupported endpoint type " + std::to_string(request.endpoint_type);
    co_return response;
  }
  if (of_controllers) co_return co_await describe_controllers(context, std::move(response));
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
