// What a request handler may use: the services of the connection's shard, who asks, and the image of this moment.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "broker/authorization.h"
#include "broker/listener_role.h"
#include "metadata/image.h"
#include "network/session.h"

namespace thalweg::broker {

class BrokerShard;
struct ConnectionMemory;

// Who is at the other end, as far as is known by now: a session that learns more makes a new one, and requests that are
// under way keep theirs. Owner: the shard that accepted the connection.
struct ClientInfo {
  std::string listener;     // its name; clients are told the addresses advertised for it
  std::string client_host;  // without port, as DescribeGroups shows it behind a slash
  std::string principal = "User:ANONYMOUS";
  ListenerRole role;  // of the listener
  // A client's request that another broker has passed on: decided here or nowhere.
  bool forwarded = false;

  bool asks_this_controller() const { return forwarded || role.asks_this_controller(); }
};

// One request. Handlers get it by const reference and may use it until they answer; stage two of a two-staged API keeps
// a copy.
struct RequestContext {
  BrokerShard& here;
  std::shared_ptr<const ClientInfo> connection;
  metadata::ImagePtr image;
  network::Request request;  // its body has been decoded and let go
  std::int16_t version = 0;
  std::string client_id;
  Instant received{};
  // Null where requests come without a connection.
  ConnectionMemory* memory = nullptr;

  bool allows(Operation operation, const Resource& resource) const {
    return is_allowed(*connection, operation, resource);
  }

  // The copy that stage two keeps.
  RequestContext for_stage_two() const {
    RequestContext kept = *this;
    kept.request.leave_stage_one();
    return kept;
  }

  Instant now() const;
  // From then until now nothing was done for the request, it only waited: no work, where time is measured.
  void note_wait_since(Instant begun) const;
};

}  // namespace thalweg::broker
