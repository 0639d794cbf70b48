// What the file of an API ends with: the row that makes the broker serve it.
//
//   extern const Api kHeartbeat = serve<&heartbeat>;
//
// A handler takes the context and its request by value, and answers for every version that protocol decodes. It returns
// Task<Response>, or Task<Staged<Response>> if the next request of the connection may start before the answer is there.
#pragma once

#include "broker/api_table.h"
#include "broker/context.h"
#include "broker/dispatch.h"

namespace thalweg::broker {

namespace detail {
template <class Request, class Response, Task<Response> (*handler)(const RequestContext&, Request)>
constexpr Api plain_row() {
  return {Request::kKey, &one_stage<Request, Response, handler>};
}
template <class Request, class Response, Task<Staged<Response>> (*handler)(const RequestContext&, Request)>
constexpr Api staged_row() {
  return {Request::kKey, &two_stages<Request, Response, handler>};
}

template <auto handler>
struct Row;
template <class Request, class Response, Task<Response> (*handler)(const RequestContext&, Request)>
struct Row<handler> {
  static constexpr Api kApi = plain_row<Request, Response, handler>();
};
template <class Request, class Response, Task<Staged<Response>> (*handler)(const RequestContext&, Request)>
struct Row<handler> {
  static constexpr Api kApi = staged_row<Request, Response, handler>();
};
}  // namespace detail

template <auto handler>
inline constexpr Api serve = detail::Row<handler>::kApi;

}  // namespace thalweg::broker
