// What only the controller decides: handed to it, wherever it runs.
#pragma once

#include "broker/ask_controller.h"
#include "broker/audit.h"
#include "broker/broker_shard.h"
#include "broker/context.h"

namespace thalweg::broker {

// Asks the active controller in the request's own version and waits until the outcome is in force. What came to this
// node's controller in particular is not passed on a second time.
template <class Response, class Request>
Task<Result<Response>> forward(const RequestContext& context, Request request) {
  auto& broker = context.here.broker;
  if (context.connection->asks_this_controller())
    co_return co_await ask_this_controller<Response>(broker, std::move(request), context.version);
  co_return co_await forward_to_controller<Response>(broker, std::move(request), context.version,
                                                     forwarded_from(context));
}

// The same for a change of configurations: a controller that cannot be asked is every resource's error.
template <class Response, class Request>
Task<Response> forward_alteration(const RequestContext& context, Request request) {
  Response refused;
  const bool validate_only = request.validate_only;
  for (const auto& resource : request.resources) {
    auto& out = refused.responses.emplace_back();
    out.resource_type = resource.resource_type;
    out.resource_name = resource.resource_name;
  }
  auto response = co_await forward<Response>(context, std::move(request));
  if (response) {
    for (const auto& resource : response->responses)
      if (resource.error_code == ErrorCode::kNone && !validate_only)
        log::info("configuration changed", field("type", resource.resource_type), field("name", resource.resource_name),
                  by(context));
    co_return std::move(*response);
  }
  for (auto& resource : refused.responses) {
    resource.error_code = response.error().code;
    resource.error_message = response.error().message;
  }
  co_return refused;
}

}  // namespace thalweg::broker
