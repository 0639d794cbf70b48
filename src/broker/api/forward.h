// What only the controller decides: handed to it, wherever it runs.
#pragma once

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/context.h"

namespace thalweg::broker {

// Asks the active controller in the request's own version and waits until the outcome is in force on this broker.
template <class Response, class Request>
Task<Result<Response>> forward(const RequestContext& context, Request request) {
  co_return co_await context.here.broker.ask_controller<Response>(std::move(request), context.version);
}

}  // namespace thalweg::broker
