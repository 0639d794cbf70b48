#include "broker/quorum_session.h"

#include "base/log.h"
#include "broker/broker.h"
#include "broker/listener_role.h"
#include "protocol/thalweg_quorum_request.h"
#include "protocol/thalweg_quorum_response.h"

namespace thalweg::broker {

using protocol::ThalwegQuorumRequest;
using protocol::ThalwegQuorumResponse;

QuorumSession::QuorumSession(BrokerShard& here, const network::ConnectionInfo& connection, bool carries_quorum,
                             const Open& open, QuorumReceiver& receiver)
    : here_(here),
      carries_quorum_(carries_quorum),
      open_(open),
      receiver_(receiver),
      everything_else_(here, connection) {}

bool QuorumSession::is_open_for(protocol::ApiKey key) const {
  if (open_ == Open::kAll) return true;
  // Not Fetch, which controllers serve too, with something else: who is not registered yet may lead by the image of
  // those who are, with a log that is behind or empty, and followers would cut theirs.
  constexpr ListenerRole kOfControllers{.clients = false, .controllers = true};
  return open_ == Open::kControllers && kOfControllers.serves(key) && here_.image();
}

// No coroutine of its own: every request of a client passes here.
Task<network::Started> QuorumSession::start(network::Request request) {
  if (request.key() == ThalwegQuorumRequest::kKey) return answer(std::move(request));
  if (is_open_for(request.key())) return everything_else_.start(std::move(request));
  return refuse(std::move(request));
}

Task<network::Started> QuorumSession::refuse(network::Request request) {
  log::debug("request while the broker starts, closing the connection", field("api", request.api->name));
  co_return network::close_connection();
}

Task<network::Started> QuorumSession::answer(network::Request request) {
  protocol::Reader reader(std::exchange(request.body, {}));
  auto asked = ThalwegQuorumRequest::decode(reader, request.version);
  if (!asked) co_return network::close_connection();
  const bool only_asks = !asked->join && asked->messages.empty() && asked->chunks.empty();
  if (!carries_quorum_ && !only_asks) co_return network::close_connection();
  if (request.memory) request.memory->add(reader.taken());
  const auto response = co_await here_.broker.shard0().call(receiver_, &QuorumReceiver::answer, std::move(*asked));
  co_return network::reply_to(request, response, request.version);
}

}  // namespace thalweg::broker
