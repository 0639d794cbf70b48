// Asks a web server: one request, on a connection of its own. For the command line; what serves has no use for it. No
// TLS, no proxies, no redirects: an answer of any status is an answer.
#pragma once

#include <string>

#include "base/result.h"
#include "http/message.h"
#include "runtime/shard.h"

namespace thalweg::http {

struct ClientRequest {
  std::string method = "GET";  // any but HEAD, whose answers look as if they had bodies
  std::string target = "/";    // path and query, encoded
  Headers headers;             // besides Host, Connection and Content-Length
  std::string body;
};
struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};
struct ClientOptions {
  std::size_t header_bytes_max = 64u << 10;
  std::size_t body_bytes_max = 64u << 20;
};

// Owner: the shard. kNetworkException: no connection, or it broke; kRequestTimedOut: no whole answer at the deadline;
// kCorruptMessage: what came is no HTTP; kMessageTooLarge: more than the bounds; kInvalidRequest: the request could be
// read as more than one, or is a HEAD, so nothing was sent.
Task<Result<ClientResponse>> exchange(const Shard& shard, Endpoint server, ClientRequest request, Instant deadline,
                                      ClientOptions options = {});

}  // namespace thalweg::http
