// Serves Kafka's protocol to the connections of one shard: see Acceptor for where they come from, ServerConnection for
// the loop of each. Owner: the shard. Every shard of a broker has its own on the same port.
//
// What clients send is charged to a budget: a frame before its body is read, what it grows to while it is handled, its
// answer until that has left. A connection that may not take more does not read, which its client feels through TCP.
// While somebody waits for the budget, connections are closed that hold some of it and keep us waiting: in the middle
// of a request that they do not go on sending, or of an answer that they do not read.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "network/acceptor.h"
#include "network/frame.h"
#include "network/large_frames.h"
#include "network/request_metrics.h"
#include "network/session.h"
#include "runtime/budget.h"
#include "runtime/shard.h"

namespace thalweg::network {

struct ServerOptions {
  std::size_t request_size_max = kFrameSizeMax;  // socket.request.max.bytes
  Instant idle_max = std::chrono::minutes(10);   // connections.max.idle.ms; Instant::max() is never
  ConnectionLimits* limits = nullptr;            // shared by the servers of a broker; none: no limit
  LargeFrames* large_frames = nullptr;           // the same; none: large frames are charged to the shard like others
  std::size_t large_from = 2u << 20;             // a frame of more bytes than this is large
  std::size_t started_max = 256;                 // requests of one connection whose responses are not yet sent
  std::size_t responses_bytes_max = 4u << 20;    // a connection with more unsent bytes starts no further request
};

class ServerConnection;

class Server {
 public:
  using SessionFactory = std::move_only_function<std::unique_ptr<Session>(const ConnectionInfo&)>;

  // `memory` is the shard's; whoever else takes from it shares it with the requests.
  Server(const Shard& shard, ServerOptions options, Budget& memory, SessionFactory sessions);
  // REQUIRES: as ~Acceptor().
  ~Server();

  // See Acceptor.
  void serve(std::unique_ptr<Listener> listener, std::string name, ListenerFor whom = ListenerFor::kClients) {
    acceptor_.serve(std::move(listener), std::move(name), whom);
  }
  Task<bool> stop(Instant deadline) { return acceptor_.stop(deadline); }
  void end_stop_by(Instant deadline) { acceptor_.end_stop_by(deadline); }
  std::size_t connections() const { return acceptor_.connections(); }

 private:
  friend class ServerConnection;
  std::shared_ptr<Handler> make(ConnectionInfo info, ConnectionPtr connection);
  void listen_for_shortage();
  // Looks for stalled connections from now on, until nobody waits.
  void watch();
  void look();
  static Task<> close_if_wanted(std::weak_ptr<ServerConnection> weak, LargeFrames* frames);

  const Shard& shard_;
  const ServerOptions options_;
  Budget& memory_;
  SessionFactory sessions_;
  RequestMetrics metrics_;
  Acceptor acceptor_;
  std::size_t large_ = 0;  // large frames that are being read
  std::unique_ptr<Budget::Registration> shortage_;
  std::unique_ptr<Clock::Timer> next_look_;
};

}  // namespace thalweg::network
