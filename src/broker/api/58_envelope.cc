// Envelope (58), version 0 (KIP-590): a client's request that another broker passes on to the controller of this node,
// with who the client is. It is handled as if the client were here, but for one thing: it is not passed on again.
// Whoever passes small requests on waits for none of them before the next; a large one is answered in its turn, so that
// what it takes stays counted.
#include "broker/api/api.h"
#include "broker/broker_shard.h"
#include "broker/envelope.h"
#include "protocol/envelope_request.h"
#include "protocol/envelope_response.h"

namespace thalweg::broker {
namespace {

using protocol::EnvelopeResponse;

// With network::ServerOptions::started_max, at most 16 MiB a connection that nobody counts.
constexpr std::size_t kBesideOthersMax = 64 << 10;

EnvelopeResponse refused(ErrorCode code) {
  EnvelopeResponse response;
  response.error_code = code;
  return response;
}

bool tells_of(const protocol::ErrorTally& errors, ErrorCode wanted) {
  bool found = false;
  errors.for_each([&](ErrorCode code, std::uint32_t) { found = found || code == wanted; });
  return found;
}

// Answers are small and in memory: no API that is forwarded sends pieces of files.
SharedBytes in_one_block(Pieces frame) {
  protocol::Writer writer;
  writer.append(std::move(frame));
  const SharedBytes bytes = writer.take_bytes();
  return bytes.slice(sizeof(std::int32_t), bytes.size() - sizeof(std::int32_t));  // without the size in front
}

// Whoever passed the request on finds the controller; a client could not do anything with that it does not lead.
EnvelopeResponse envelope_of(network::Reply reply) {
  if (tells_of(reply.errors, ErrorCode::kNotController)) return refused(ErrorCode::kNotController);
  if (!reply.frame) return refused(ErrorCode::kUnsupportedVersion);  // it could not be read
  EnvelopeResponse response;
  response.response_data = in_one_block(std::move(*reply.frame));
  return response;
}

Task<EnvelopeResponse> answer(RequestContext context, SharedBytes body) {
  const Api* api = find_served(context.request.key());
  if (!api || context.version > api->max_version()) co_return refused(ErrorCode::kUnsupportedVersion);
  auto started = co_await api->start(context, std::move(body));
  if (started.later) co_return envelope_of(co_await std::move(*started.later));
  co_return envelope_of(std::move(started.reply));
}

Task<EnvelopeResponse> answer_inside(RequestContext context, protocol::EnvelopeRequest request) {
  if (!context.allows(Operation::kClusterAction, kCluster)) co_return refused(ErrorCode::kClusterAuthorizationFailed);
  auto inside = open_envelope(request);
  if (!inside) {
    log::warn("a request that was passed on is refused", field("from", context.connection->client_host),
              field("error", inside.error()));
    co_return refused(inside.error().code);
  }
  context.connection = std::make_shared<const ClientInfo>(ClientInfo{.listener = context.connection->listener,
                                                                     .client_host = inside->from.client_host,
                                                                     .principal = inside->from.principal,
                                                                     .role = context.connection->role,
                                                                     .forwarded = true});
  context.request.api = inside->api;
  context.request.version = context.version = inside->version;
  context.request.correlation_id = inside->correlation_id;
  context.request.client_id = context.client_id = inside->from.client_id;
  co_return co_await answer(std::move(context), std::move(inside->body));
}

Task<Staged<EnvelopeResponse>> envelope(const RequestContext& context, protocol::EnvelopeRequest request) {
  if (request.request_data.size() > kBesideOthersMax)
    co_return Staged<EnvelopeResponse>{.now = co_await answer_inside(context, std::move(request))};
  co_return Staged<EnvelopeResponse>{.later = answer_inside(context.for_stage_two(), std::move(request))};
}

}  // namespace

extern const Api kEnvelope = serve<&envelope>;

}  // namespace thalweg::broker
