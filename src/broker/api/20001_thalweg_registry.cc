// ThalwegRegistry (20001), version 0: ours; another node's schema registry passes on what a client asked it. Served on
// the listener between brokers only: whoever reaches that one is trusted with it, as with everything else there.
// Small requests are answered beside each other; a large one in its turn, so that what it takes stays counted.
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/listener_role.h"
#include "broker/registry_door.h"

namespace thalweg::broker {
namespace {

using protocol::ThalwegRegistryRequest;
using protocol::ThalwegRegistryResponse;

// With network::ServerOptions::started_max, at most 16 MiB a connection that nobody counts.
constexpr std::size_t kBesideOthersMax = 64 << 10;

Task<ThalwegRegistryResponse> ask_registry(RequestContext context, ThalwegRegistryRequest request) {
  auto& broker = context.here.broker;
  ThalwegRegistryResponse refused;
  refused.error_code = ErrorCode::kClusterAuthorizationFailed;
  if (!context.allows(Operation::kClusterAction, kCluster)) co_return refused;
  if (context.connection->listener != inter_broker_listener(broker.config())) {
    refused.error_message = "registries ask each other over the listener between brokers";
    co_return refused;
  }
  co_return co_await broker.shard0().call(broker.registry_door(), &RegistryDoor::ask, std::move(request));
}

Task<Staged<ThalwegRegistryResponse>> thalweg_registry(const RequestContext& context, ThalwegRegistryRequest request) {
  if (request.body.size() > kBesideOthersMax)
    co_return Staged<ThalwegRegistryResponse>{.now = co_await ask_registry(context, std::move(request))};
  co_return Staged<ThalwegRegistryResponse>{.later = ask_registry(context.for_stage_two(), std::move(request))};
}

}  // namespace

extern const Api kThalwegRegistry = serve<&thalweg_registry>;

}  // namespace thalweg::broker
