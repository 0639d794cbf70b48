// What nodes ask of the controller of this node in their own name.
#pragma once

#include <chrono>
#include <utility>

#include "broker/ask_controller.h"
#include "broker/broker_shard.h"
#include "broker/context.h"
#include "broker/dispatch.h"

namespace thalweg::broker {

// Whoever asks has given up by then, and asks again.
inline constexpr Instant kAnsweredWithin = std::chrono::seconds(10);

// NOT_CONTROLLER when this node does not lead. Only for those who may act on the cluster: brokers and controllers.
template <class Response, class Request>
Task<Response> answer_as_controller(RequestContext context, Request request) {
  Response refused;
  if (!context.allows(Operation::kClusterAction, kCluster)) {
    refused.error_code = ErrorCode::kClusterAuthorizationFailed;
    co_return refused;
  }
  auto response =
      co_await ask_this_controller<Response>(context.here.broker, std::move(request), context.version, kAnsweredWithin);
  if (response) co_return std::move(*response);
  refused.error_code = response.error().code;
  co_return refused;
}

// The next request of the connection does not wait for this one to be committed.
template <class Response, class Request>
Staged<Response> staged_answer_as_controller(const RequestContext& context, Request request) {
  return {.later = answer_as_controller<Response>(context.for_stage_two(), std::move(request))};
}

}  // namespace thalweg::broker
