// From any shard: what only the controller decides, wherever it runs. Answers once the outcome is in force.
#pragma once

#include <chrono>
#include <utility>

#include "broker/broker.h"
#include "broker/context.h"
#include "broker/controller_link.h"
#include "broker/forwarding.h"

namespace thalweg::broker {

// Longer than the controller itself waits for a change to be in force (broker/controller_service.cc).
constexpr Instant kControllerWithin = std::chrono::seconds(90);

// This broker's own business, which may be asked twice: until a controller has answered, or the time is over.
template <class Response, class Request>
Task<Result<Response>> ask_controller(Broker& broker, Request request, std::int16_t version, Instant within) {
  co_return co_await broker.shard0().call(broker.controller(), &ControllerLink::ask_within<Response, Request>,
                                          std::move(request), version, within);
}

// Of the controller of this node alone: kNotController when it does not lead.
template <class Response, class Request>
Task<Result<Response>> ask_this_controller(Broker& broker, Request request, std::int16_t version,
                                           Instant within = kControllerWithin) {
  co_return co_await broker.shard0().call(broker.controller_here(), &ControllerLink::forward_within<Response, Request>,
                                          std::move(request), version, within);
}

inline ForwardedFrom forwarded_from(const RequestContext& context) {
  return {.principal = context.connection->principal,
          .client_host = context.connection->client_host,
          .client_id = context.client_id};
}

// A client's request, in its name; asked again while there is no controller (forwarding.h).
template <class Response, class Request>
Task<Result<Response>> forward_to_controller(Broker& broker, Request request, std::int16_t version,
                                             ForwardedFrom from) {
  co_return co_await broker.shard0().call(broker.forwarding(), &Forwarding::pass_on<Response, Request>,
                                          std::move(request), version, std::move(from), kControllerWithin);
}

}  // namespace thalweg::broker
