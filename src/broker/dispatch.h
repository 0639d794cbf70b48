// The glue between the network's requests and the handlers: decode, call, encode. A request that cannot be decoded
// closes its connection, as in Kafka: there is no way to answer what cannot be read.
#pragma once

#include <optional>
#include <utility>

#include "base/log.h"
#include "broker/context.h"
#include "network/session.h"
#include "protocol/wire.h"

namespace thalweg::broker {

// The answer of a two-staged handler. None of the three: nothing is sent (acks=0).
template <class Response>
struct Staged {
  std::optional<Response> now;          // ready
  std::optional<Task<Response>> later;  // or to come, while the next request of the connection is handled
  bool close = false;                   // hang up
  protocol::ErrorTally errors = {};     // of an answer that is not sent
};

inline network::Started refuse(const RequestContext& context, const Error& error) {
  log::debug("request cannot be read, closing the connection", field("api", context.request.api->name),
             field("version", context.version), field("client", context.connection->client_host),
             field("error", error));
  return network::close_connection();
}

// The message in a request's body; the memory that it takes is added to the request's.
template <class Request>
Result<Request> decode(const RequestContext& context, SharedBytes body) {
  protocol::Reader reader(std::move(body));
  auto request = Request::decode(reader, context.version);
  if (context.request.memory) context.request.memory->add(reader.taken());
  return request;
}

template <class Request, class Response, Task<Response> (*handler)(const RequestContext&, Request)>
Task<network::Started> one_stage(const RequestContext& context, SharedBytes body) {
  auto request = decode<Request>(context, std::move(body));
  if (!request) co_return refuse(context, request.error());
  const Response response = co_await handler(context, std::move(*request));
  co_return network::reply_to(context.request, response);
}

namespace detail {
template <class Response>
Task<network::Reply> reply_later(RequestContext context, Task<Response> task) {
  const Response response = co_await std::move(task);
  co_return network::reply_to(context.request, response);
}
}  // namespace detail

template <class Request, class Response, Task<Staged<Response>> (*handler)(const RequestContext&, Request)>
Task<network::Started> two_stages(const RequestContext& context, SharedBytes body) {
  auto request = decode<Request>(context, std::move(body));
  if (!request) co_return refuse(context, request.error());
  Staged<Response> staged = co_await handler(context, std::move(*request));
  if (staged.later) co_return detail::reply_later(context.for_stage_two(), std::move(*staged.later));
  network::Reply reply = staged.now ? network::reply_to(context.request, *staged.now) : network::no_reply();
  reply.close_after = staged.close;
  reply.errors.add(staged.errors);
  co_return reply;
}

}  // namespace thalweg::broker
