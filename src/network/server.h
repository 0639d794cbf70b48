// Serves the connections of one shard: accepts, limits, the loop of each connection, and a graceful end.
// Owner: the shard. Every shard of a broker has its own on the same port.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "network/byte_budget.h"
#include "network/frame.h"
#include "network/session.h"
#include "runtime/shard.h"
#include "runtime/signal.h"

namespace thalweg::network {

struct ServerOptions {
  std::size_t request_size_max = kFrameSizeMax;    // socket.request.max.bytes
  Instant idle_max = std::chrono::minutes(10);     // connections.max.idle.ms
  std::size_t connections_max = 1'000'000;         // of this shard
  std::size_t connections_per_ip_max = 1'000'000;  // of this shard
  std::size_t in_flight_bytes = 256u << 20;        // of requests, of this shard
  std::size_t started_max = 256;                   // requests of one connection whose responses are not yet sent
  std::size_t responses_bytes_max = 4u << 20;      // a connection with more unsent bytes starts no further request
};

class ServerConnection;

class Server {
 public:
  using SessionFactory = std::move_only_function<std::unique_ptr<Session>(const ConnectionInfo&)>;

  Server(const Shard& shard, ServerOptions options, SessionFactory sessions);
  // REQUIRES: no coroutine of it is left: stop() has ended, or the shard's suspended coroutines were dropped.
  ~Server();

  // Accepts connections until stop(). `name` becomes ConnectionInfo::listener.
  void serve(std::unique_ptr<Listener> listener, std::string name);
  // Accepts no more, lets started requests finish and their responses leave, closes. What is not done at the deadline
  // is closed hard. Returns when every connection is gone, which a handler that does not end can delay further.
  Task<> stop(Instant deadline);

  std::size_t connections() const { return connections_.size(); }

 private:
  friend class ServerConnection;
  Task<> accept_loop(Listener* listener, std::string name);
  void admit(ConnectionPtr connection, const std::string& name);
  void remove(std::uint64_t id);

  const Shard& shard_;
  const ServerOptions options_;
  SessionFactory sessions_;
  ByteBudget budget_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::map<std::uint64_t, std::shared_ptr<ServerConnection>> connections_;
  std::map<std::string, std::size_t> per_ip_;
  std::size_t accepting_ = 0;  // accept loops that have not ended
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;
  Signal changed_;
};

}  // namespace thalweg::network
