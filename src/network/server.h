// Serves the connections of one shard: accepts, limits, the loop of each connection, and a graceful end.
// Owner: the shard. Every shard of a broker has its own on the same port.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "network/byte_budget.h"
#include "network/connection_limits.h"
#include "network/frame.h"
#include "network/session.h"
#include "runtime/shard.h"
#include "runtime/signal.h"

namespace thalweg::network {

struct ServerOptions {
  std::size_t request_size_max = kFrameSizeMax;  // socket.request.max.bytes
  Instant idle_max = std::chrono::minutes(10);   // connections.max.idle.ms
  ConnectionLimits* limits = nullptr;            // shared by the servers of a broker; none: no limit
  std::size_t in_flight_bytes = 256u << 20;      // of requests, of this shard
  std::size_t started_max = 256;                 // requests of one connection whose responses are not yet sent
  std::size_t responses_bytes_max = 4u << 20;    // a connection with more unsent bytes starts no further request
};

class ServerConnection;

class Server {
 public:
  using SessionFactory = std::move_only_function<std::unique_ptr<Session>(const ConnectionInfo&)>;

  Server(const Shard& shard, ServerOptions options, SessionFactory sessions);
  // REQUIRES: no coroutine of it is left: stop() gave true, or the shard's suspended coroutines were dropped.
  ~Server();

  // Accepts connections until stop(). `name` becomes ConnectionInfo::listener.
  void serve(std::unique_ptr<Listener> listener, std::string name);
  // Accepts no more, lets started requests finish and their responses leave, closes. What is not done at the deadline
  // is closed hard, and false if a request is still being handled then: its handler is left alone.
  Task<bool> stop(Instant deadline);

  std::size_t connections() const { return connections_.size(); }

 private:
  friend class ServerConnection;
  Task<> accept_loop(Listener* listener, std::string name);
  Task<bool> admit(std::string ip);
  void begin(ConnectionPtr connection, const std::string& name);
  void remove(std::uint64_t id);
  void give_back(std::string ip);
  bool is_empty() const { return connections_.empty() && accepting_ == 0; }

  const Shard& shard_;
  const ServerOptions options_;
  SessionFactory sessions_;
  ByteBudget budget_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::map<std::uint64_t, std::shared_ptr<ServerConnection>> connections_;
  std::size_t accepting_ = 0;  // accept loops that have not ended
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;
  Signal changed_;
};

}  // namespace thalweg::network
