// From any shard: what only the controller decides, wherever it runs. Answers once the outcome is in force.
//
// Compiled for each request in ask_controller.cc, so that who asks need not compile links, forwarding and the
// controller's machine.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "broker/context.h"
#include "broker/forwarded_from.h"
#include "runtime/task.h"

namespace thalweg::broker {

class Broker;

// Longer than the controller itself waits for a change to be in force (broker/controller_service.cc).
constexpr Instant kControllerWithin = std::chrono::seconds(90);

// This broker's own business, which may be asked twice: until a controller has answered, or the time is over.
template <class Response, class Request>
Task<Result<Response>> ask_controller(Broker& broker, Request request, std::int16_t version, Instant within);

// Of the controller of this node alone: kNotController when it does not lead.
template <class Response, class Request>
Task<Result<Response>> ask_this_controller(Broker& broker, Request request, std::int16_t version,
                                           Instant within = kControllerWithin);

// A client's request, in its name; asked again while there is no controller (forwarding.h).
template <class Response, class Request>
Task<Result<Response>> forward_to_controller(Broker& broker, Request request, std::int16_t version, ForwardedFrom from);

inline ForwardedFrom forwarded_from(const RequestContext& context) {
  return {.principal = context.connection->principal,
          .client_host = context.connection->client_host,
          .client_id = context.client_id};
}

}  // namespace thalweg::broker
