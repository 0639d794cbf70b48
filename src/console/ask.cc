#include "console/ask.h"

#include "broker/broker_shard.h"
#include "broker/listener_role.h"
#include "protocol/response_header.h"
#include "storage/pieces.h"

namespace thalweg::console::detail {
namespace {

constexpr std::size_t kSizeBytes = 4;  // in front of a frame

}  // namespace

Task<Result<SharedBytes>> exchange(const Call& call, protocol::ApiKey key, std::int16_t version, SharedBytes body) {
  auto& here = *call.broker().shards().front();
  const auto* api = broker::find_served(key);
  CHECK(api);
  network::Request request{
      .api = &protocol::info(key), .version = version, .client_id = "console", .received = here.shard.clock.now()};
  const broker::RequestContext context{.here = here,
                                       .connection = call.client,
                                       .image = call.image,
                                       .request = request,
                                       .version = version,
                                       .client_id = "console",
                                       .received = request.received};
  auto started = co_await api->start(context, std::move(body));
  network::Reply reply = started.later ? co_await std::move(*started.later) : std::move(started.reply);
  if (!reply.frame) co_return fail(ErrorCode::kUnknownServerError, "the broker gave no answer to its own console");
  CO_TRY(const SharedBytes frame, co_await storage::gather(*std::move(reply.frame)));
  protocol::Reader reader(frame.slice(kSizeBytes, frame.size() - kSizeBytes));
  CO_TRY_VOID(protocol::ResponseHeader::decode(reader, protocol::response_header_version(key, version)));
  co_return reader.rest();
}

Result<Endpoint> endpoint_of(const Call& call, BrokerId broker) {
  const auto* registered = call.image->broker(broker);
  const auto* endpoint =
      registered ? registered->endpoint(broker::inter_broker_listener(call.broker().config())) : nullptr;
  if (!endpoint)
    return fail(ErrorCode::kBrokerNotAvailable, "broker " + to_string(broker) + " has no listener for other brokers");
  return Endpoint{endpoint->host, endpoint->port};
}

}  // namespace thalweg::console::detail
