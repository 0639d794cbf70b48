// Asks this broker as a client does, without a connection: the request goes through the row of its API, to the same
// handler, with the same checks and for the same principal. So the console and the command line cannot disagree.
#pragma once

#include "broker/api_table.h"
#include "broker/peer_channels.h"
#include "console/call.h"
#include "protocol/wire.h"

namespace thalweg::console {

namespace detail {
// The body of the answer.
Task<Result<SharedBytes>> exchange(const Call& call, protocol::ApiKey key, std::int16_t version, SharedBytes body);
// Where the broker is reached by others. kBrokerNotAvailable: it is not registered.
Result<Endpoint> endpoint_of(const Call& call, BrokerId broker);
}  // namespace detail

template <class Response, class Request>
Task<Result<Response>> ask(const Call& call, Request request, std::int16_t version) {
  CO_TRY_VOID(request.representable(version));
  protocol::Writer writer;
  request.encode(writer, version);
  if (!writer.ok()) co_return fail(ErrorCode::kInvalidRequest, "a name in the request is too long");
  CO_TRY(auto body, co_await detail::exchange(call, Request::kKey, version, writer.take_bytes()));
  protocol::Reader reader(std::move(body));
  co_return Response::decode(reader, version);
}
// In the newest version that is advertised.
template <class Response, class Request>
Task<Result<Response>> ask(const Call& call, Request request) {
  return ask<Response>(call, std::move(request), protocol::info(Request::kKey).advertised_max);
}

// How long another broker may take: a page waits for it.
inline constexpr Instant kAnotherWithin = std::chrono::seconds(5);

struct AskOptions {
  std::optional<std::int16_t> version;  // else the newest that is advertised
  Instant within = kAnotherWithin;
  std::uint32_t lane = 0;  // answers on one keep the order of what was asked: what is large has another one
};
// For a page of many brokers' answers: it waits for none that hangs.
inline constexpr AskOptions kSoon{.version = {}, .within = std::chrono::milliseconds(300)};

// The same of any broker. Others know the sender as a broker, and not who asks: that is for the caller to check.
template <class Response, class Request>
Task<Result<Response>> ask_broker(const Call& call, BrokerId broker, Request request, AskOptions options = {}) {
  const std::int16_t version = options.version.value_or(protocol::info(Request::kKey).advertised_max);
  if (broker == call.self()) co_return co_await ask<Response>(call, std::move(request), version);
  CO_TRY(auto endpoint, detail::endpoint_of(call, broker));
  const Instant deadline = later(call.broker().shard0().clock.now(), options.within);
  co_return co_await call.broker().peers().template send<Response>(
      {broker, broker::Purpose::kConsole, options.lane}, std::move(endpoint), std::move(request), version, deadline);
}

}  // namespace thalweg::console
