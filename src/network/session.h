// What the server's loop and those who answer requests say to each other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "protocol/api.h"
#include "protocol/response_header.h"
#include "protocol/wire.h"
#include "runtime/network.h"
#include "runtime/task.h"

namespace thalweg::network {

struct ConnectionInfo {
  std::uint64_t id = 0;  // unique within the shard's server
  Endpoint peer;
  std::string listener;  // "PLAINTEXT", as `listeners` names it
};

struct Request {
  const protocol::ApiInfo* api = nullptr;
  std::int16_t version = 0;  // one that the API decodes; any number only for ApiVersions, which answers those too
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;
  SharedBytes body;  // behind the header
  Instant received{0};

  protocol::ApiKey key() const { return api->key; }
  // The body as a message of this API.
  template <class Message>
  Result<Message> decode() const {
    protocol::Reader reader(body);
    return Message::decode(reader, version);
  }
};

struct Reply {
  std::optional<Pieces> frame;  // with size and header, see reply_to(); nothing: no response (acks=0)
  bool close_after = false;
  Millis mute{0};  // read nothing from the client for so long after the reply (KIP-219)
};

// The response to a request, as it goes over the wire. `version` differs from the request's only for ApiVersions
// errors.
template <class Message>
Reply reply_to(const Request& request, const Message& message, std::int16_t version) {
  protocol::Writer writer;
  protocol::ResponseHeader{.correlation_id = request.correlation_id}.encode(
      writer, protocol::response_header_version(request.key(), version));
  message.encode(writer, version);
  return {.frame = writer.take_frame()};
}
template <class Message>
Reply reply_to(const Request& request, const Message& message) {
  return reply_to(request, message, request.version);
}
inline Reply no_reply() { return {}; }
inline Reply close_connection() { return {.close_after = true}; }

// What stage one of a request gives back: the reply, or what is left to do for it while the next request is started
// already.
struct Started {
  Started(Reply r) : reply(std::move(r)) {}              // NOLINT: a reply is the usual result
  Started(Task<Reply> rest) : later(std::move(rest)) {}  // NOLINT
  Reply reply;
  // Runs beside later requests; its reply is sent in the order of requests all the same.
  std::optional<Task<Reply>> later;
};

// One per connection: its principal, its fetch sessions, its way to the broker. Owner: the connection's shard. Lives
// until the connection's last request has been answered.
class Session {
 public:
  virtual ~Session() = default;
  // Called for one request at a time, in order; the next one only after this has returned.
  virtual Task<Started> start(Request request) = 0;
};

}  // namespace thalweg::network
