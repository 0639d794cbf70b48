#include "http/server.h"

#include "http/server_connection.h"

namespace thalweg::http {

Server::Server(const Shard& shard, ServerOptions options, Budget& memory, const Router& router)
    : shard_(shard),
      options_(std::move(options)),
      memory_(memory),
      router_(router),
      acceptor_(shard, options_.limits, [this](network::ConnectionInfo info, ConnectionPtr connection) {
        return std::make_shared<ServerConnection>(*this, std::move(info), std::move(connection));
      }) {}

Server::~Server() = default;

}  // namespace thalweg::http
