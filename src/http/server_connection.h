// One connection of a Server: a coroutine that reads a request, has it answered, and writes the answer, until one side
// has enough. Owner: the shard. The coroutine holds it.
#pragma once

#include <optional>

#include "http/connection_watch.h"
#include "http/request_parser.h"
#include "http/server.h"

namespace thalweg::http {

class ServerConnection : public network::Handler, public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Server& server, network::ConnectionInfo info, ConnectionPtr connection);

  void start() override;
  void stop() override;
  void close() override { connection_->close(); }

 private:
  using Self = std::shared_ptr<ServerConnection>;
  // No refusal: the connection is over, and nobody is there to be told why.
  using Step = std::expected<void, std::optional<Refusal>>;

  static Task<> run(Self self);
  Task<bool> serve_one();
  Task<Step> read_head(RequestParser& parser);
  // `memory` is what the body takes, also on the way.
  Task<Step> read_body(RequestParser& parser, std::size_t body_max, ServerMemory::Hold& memory);
  Task<Step> read_some(std::size_t at_once);
  Task<Result<>> answer(const RequestHead& head, Response response, bool go_on);
  Task<Result<>> write_stream(BodyStream& stream, bool chunked);
  Task<Result<>> write(Pieces pieces);
  Task<> refuse(const RequestHead& head, Response response);
  Step parse(RequestParser& parser);
  std::string head_of(const RequestHead& head, const Response& response, bool go_on) const;

  Server& server_;
  const network::ConnectionInfo info_;
  const ConnectionPtr connection_;
  ConnectionWatch watch_;
  std::string unread_;     // received, not parsed
  bool handling_ = false;  // from the end of a head to the end of its answer
  bool stopping_ = false;
};

}  // namespace thalweg::http
