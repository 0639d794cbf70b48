// What the server's loop and those who answer requests say to each other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "network/connection_info.h"
#include "protocol/api.h"
#include "protocol/error_tally.h"
#include "protocol/response_header.h"
#include "protocol/wire.h"
#include "runtime/budget.h"
#include "runtime/task.h"

namespace thalweg::network {

// What only the handler of a request knows.
struct Noted {
  Instant waited{0};  // in stage one, for something to happen
  bool is_follower = false;
};

struct Request {
  const protocol::ApiInfo* api = nullptr;
  std::int16_t version = 0;  // one that the API decodes; any number only for ApiVersions, which answers those too
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;
  SharedBytes body;  // behind the header
  Instant received{0};
  // What stage one of the request takes beside its frame is added here. Null behind stage one, and where nobody counts.
  Charge* memory = nullptr;
  // What stage one says of it to those who measure. Null as above.
  Noted* noted = nullptr;
  // For what is done in stage two: both are given back by then.
  void leave_stage_one() {
    memory = nullptr;
    noted = nullptr;
  }

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
  protocol::ErrorTally errors;  // that it tells of, or would
  bool close_after = false;
  Millis mute{0};  // read nothing from the client for so long after the reply (KIP-219)
};

inline Reply no_reply() { return {}; }
inline Reply close_connection() { return {.close_after = true}; }

namespace detail {
template <class Message>
Result<Reply> response(const Request& request, const Message& message, std::int16_t version) {
  protocol::Writer writer;
  protocol::ResponseHeader{.correlation_id = request.correlation_id}.encode(
      writer, protocol::response_header_version(request.key(), version));
  message.encode(writer, version);
  TRY(auto frame, writer.take_frame());
  return Reply{.frame = std::move(frame), .errors = writer.errors()};
}

// The error of a whole response, where its version has a place for that.
template <class Message>
std::optional<Reply> error_response(const Request& request, ErrorCode code, std::int16_t version) {
  if constexpr (requires(Message refused) { refused.error_code = code; }) {
    Message refused;
    refused.error_code = code;
    protocol::Writer writer;
    refused.encode(writer, version);
    protocol::Reader reader(writer.take_bytes());
    const auto read = Message::decode(reader, version);
    if (!read || read->error_code != code) return std::nullopt;
    if (auto reply = response(request, refused, version)) return std::move(*reply);
  }
  return std::nullopt;
}
}  // namespace detail

// The response to a request, as it goes over the wire. `version` differs from the request's only for ApiVersions
// errors. An answer that cannot be sent becomes UNKNOWN_SERVER_ERROR, as in Kafka, where the response has a place for
// an error of the whole; else the connection is closed.
template <class Message>
Reply reply_to(const Request& request, const Message& message, std::int16_t version) {
  auto reply = detail::response(request, message, version);
  if (reply) return std::move(*reply);
  log::error("an answer cannot be sent", field("api", request.api->name), field("version", version),
             field("error", reply.error()));
  auto error = detail::error_response<Message>(request, ErrorCode::kUnknownServerError, version);
  return error ? std::move(*error) : close_connection();
}
template <class Message>
Reply reply_to(const Request& request, const Message& message) {
  return reply_to(request, message, request.version);
}

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
