// Asks this broker as another one does, without a connection: the request goes through the row of its API, to the same
// handler, on the shard of who asks. For what brokers ask each other, when the one to be asked is this one.
#pragma once

#include "broker/api_table.h"
#include "broker/broker_shard.h"
#include "protocol/wire.h"

namespace thalweg::broker {

namespace detail {
// The body of the answer. kUnsupportedVersion when the API is not served.
Task<Result<SharedBytes>> exchange_with_own(BrokerShard& here, protocol::ApiKey key, std::int16_t version,
                                            SharedBytes body);
}  // namespace detail

template <class Response, class Request>
Task<Result<Response>> ask_own(BrokerShard& here, Request request, std::int16_t version = Request::kMaxVersion) {
  protocol::Writer writer;
  request.encode(writer, version);
  if (!writer.ok()) co_return fail(ErrorCode::kInvalidRequest, "a name in the request is too long");
  CO_TRY(auto body, co_await detail::exchange_with_own(here, Request::kKey, version, writer.take_bytes()));
  protocol::Reader reader(std::move(body));
  co_return Response::decode(reader, version);
}

}  // namespace thalweg::broker
