// From any shard: what only the controller decides. Answers once the outcome is in force on this broker.
#pragma once

#include <chrono>
#include <utility>

#include "broker/broker.h"
#include "broker/controller_link.h"

namespace thalweg::broker {

// Longer than the controller itself waits for a change to be in force (broker/controller_service.cc).
constexpr Instant kControllerWithin = std::chrono::seconds(90);

template <class Response, class Request>
Task<Result<Response>> ask_controller(Broker& broker, Request request, std::int16_t version) {
  co_return co_await broker.shard0().call(broker.controller(), &ControllerLink::forward_within<Response, Request>,
                                          std::move(request), version, kControllerWithin);
}

}  // namespace thalweg::broker
