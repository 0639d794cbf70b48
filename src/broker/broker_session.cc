#include "broker/broker_session.h"

#include "base/log.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "protocol/api_versions_response.h"

namespace thalweg::broker {

BrokerSession::BrokerSession(BrokerShard& here, const network::ConnectionInfo& connection)
    : here_(here),
      client_(
          std::make_shared<const ClientInfo>(ClientInfo{.listener = connection.listener,
                                                        .client_host = connection.peer.host,
                                                        .role = role_of(here.broker.config(), connection.listener)})) {}

Task<network::Started> BrokerSession::start(network::Request request) {
  const Api* api = find_served(request.key());
  if (!api || !client_->role.serves(api->key)) {
    log::debug("request for an API that is not served here, closing the connection", field("api", request.api->name),
               field("listener", client_->listener), field("client", client_->client_host));
    co_return network::close_connection();
  }
  SharedBytes body = std::exchange(request.body, {});
  const RequestContext context{.here = here_,
                               .connection = client_,
                               .image = here_.image(),
                               .request = request,
                               .version = request.version,
                               .client_id = request.client_id.value_or(""),
                               .received = request.received,
                               .memory = &memory_};
  if (!request.api->decodes(request.version) || request.version > api->max_version()) {
    // Such a client does not know our versions yet, so ApiVersions is answered in a form that every client can read
    // (KIP-511).
    if (request.key() == protocol::ApiKey::kApiVersions)
      co_return network::reply_to(context.request, unsupported_api_versions(), 0);
    log::debug("request in a version that is not served, closing the connection", field("api", request.api->name),
               field("version", request.version), field("client", client_->client_host));
    co_return network::close_connection();
  }
  co_return co_await api->start(context, std::move(body));
}

}  // namespace thalweg::broker
