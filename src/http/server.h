// Serves HTTP/1.1 and 1.0 to the connections of one shard, over the seams, so also in simulation. Where connections
// come from is network::Acceptor's business; the loop of each is ServerConnection's.
//
// One request at a time on a connection; those that were sent ahead wait in the kernel and are served in order. Every
// bound is an option below. A request's body is charged to a budget as it arrives, whatever length it claims or does
// not claim; an answer that is in memory as a whole, until it has left. While the budget is overdrawn, bodies wait, the
// one that made it so goes on, and each has pace_span left to be complete: then it is closed, or answered 503 where it
// was we who let it wait. Owner: the shard.
#pragma once

#include <memory>
#include <string>

#include "http/guard.h"
#include "http/router.h"
#include "http/server_memory.h"
#include "network/acceptor.h"
#include "runtime/budget.h"
#include "runtime/shard.h"

namespace thalweg::http {

struct ServerOptions {
  std::size_t header_bytes_max = 16u << 10;          // of a request's head: 431
  Instant header_within = std::chrono::seconds(10);  // from its first byte to its last, else closed
  Instant idle_max = std::chrono::seconds(60);       // between requests, else closed
  std::uint64_t pace_bytes = 10u << 10;              // that a body, and whoever reads an answer, moves…
  Instant pace_span = std::chrono::seconds(10);      // …in each such span, else closed; all of it if memory is short
  GuardRules guard;
  network::ConnectionLimits* limits = nullptr;  // shared by the servers of a listener; none: no limit
};

class Server {
 public:
  // `memory` and `router` outlive the server.
  Server(const Shard& shard, ServerOptions options, Budget& memory, const Router& router);
  // REQUIRES: as ~Acceptor().
  ~Server();

  // See network::Acceptor.
  void serve(std::unique_ptr<Listener> listener, std::string name) {
    acceptor_.serve(std::move(listener), std::move(name));
  }
  Task<bool> stop(Instant deadline) { return acceptor_.stop(deadline); }
  std::size_t connections() const { return acceptor_.connections(); }

 private:
  friend class ServerConnection;

  const Shard& shard_;
  const ServerOptions options_;
  ServerMemory memory_;
  const Router& router_;
  network::Acceptor acceptor_;
};

}  // namespace thalweg::http
