// Requests to the broker that coordinates a group.
#pragma once

#include "admin/client.h"

namespace thalweg::admin {

// One attempt: finds the coordinator and asks it, in a version of [version_min, version_max].
template <class Response, class Request>
Task<Result<Response>> ask_coordinator_once(Client& client, std::string group, Request request,
                                            std::int16_t version_min, std::int16_t version_max, Instant deadline) {
  CO_TRY(const BrokerId id, co_await client.coordinator(group, deadline));
  CO_TRY(const ChannelPtr channel, co_await client.to(id, deadline, Lane::kCoordination));
  CO_TRY(const std::int16_t version, channel->version_of(Request::kKey, version_min, version_max));
  CO_TRY_VOID(request.representable(version));
  co_return co_await channel->template send<Response>(std::move(request), version, deadline);
}

// Whether the coordinator should be looked for again after this error.
inline bool coordinator_moved(ErrorCode code) {
  return code == ErrorCode::kNotCoordinator || code == ErrorCode::kCoordinatorNotAvailable ||
         code == ErrorCode::kNetworkException;
}

// The same with further attempts while the error (of the call, or as `error_in` finds it in the response) may pass.
// What comes back has an error that does not pass inside, or none.
template <class Response, class Request>
Task<Result<Response>> ask_coordinator(Client& client, std::string group, Request request, std::int16_t version_min,
                                       std::int16_t version_max, ErrorCode (*error_in)(const Response&)) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto response = co_await ask_coordinator_once<Response>(client, group, request, version_min, version_max,
                                                            client.request_deadline(deadline));
    Error error{ErrorCode::kNone, {}};
    if (!response)
      error = response.error();
    else
      error = error_of(error_in(*response));
    if (error.code == ErrorCode::kNone) co_return response;
    if (coordinator_moved(error.code)) client.forget_coordinator(group);
    if (co_await retry.again(error)) continue;
    if (response && is_retriable(error.code)) co_return std::unexpected(error);
    co_return response;
  }
}

}  // namespace thalweg::admin
