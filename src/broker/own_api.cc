#include "broker/own_api.h"

#include "broker/broker.h"
#include "broker/context.h"
#include "broker/listener_role.h"
#include "protocol/response_header.h"
#include "storage/pieces.h"

namespace thalweg::broker::detail {
namespace {

constexpr std::size_t kFrameSizeBytes = 4;  // in front of a frame

}  // namespace

Task<Result<SharedBytes>> exchange_with_own(BrokerShard& here, protocol::ApiKey key, std::int16_t version,
                                            SharedBytes body) {
  const Api* api = find_served(key);
  if (!api) co_return fail(ErrorCode::kUnsupportedVersion, "this broker does not serve it");
  const auto& config = here.broker.config();
  auto client = std::make_shared<ClientInfo>();
  client->listener = inter_broker_listener(config);
  client->client_host = "127.0.0.1";
  client->role = role_of(config, client->listener);
  const network::Request request{.api = &protocol::info(key),
                                 .version = version,
                                 .client_id = "node-" + to_string(config.node_id),
                                 .received = here.shard.clock.now()};
  const RequestContext context{.here = here,
                               .connection = std::move(client),
                               .image = here.image(),
                               .request = request,
                               .version = version,
                               .client_id = *request.client_id,
                               .received = request.received};
  auto started = co_await api->start(context, std::move(body));
  network::Reply reply = started.later ? co_await std::move(*started.later) : std::move(started.reply);
  if (!reply.frame) co_return fail(ErrorCode::kUnknownServerError, "the broker gave itself no answer");
  CO_TRY(const SharedBytes frame, co_await storage::gather(*std::move(reply.frame)));
  protocol::Reader reader(frame.slice(kFrameSizeBytes, frame.size() - kFrameSizeBytes));
  CO_TRY_VOID(protocol::ResponseHeader::decode(reader, protocol::response_header_version(key, version)));
  co_return reader.rest();
}

}  // namespace thalweg::broker::detail
