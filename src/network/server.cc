#include "network/server.h"

#include <algorithm>

#include "base/log.h"
#include "network/server_connection.h"

namespace thalweg::network {
namespace {
// What a connection that is closed hard may take to be gone, unless a handler holds it.
constexpr Instant kAfterClosing = std::chrono::milliseconds(500);
}  // namespace

Server::Server(const Shard& shard, ServerOptions options, SessionFactory sessions)
    : shard_(shard), options_(options), sessions_(std::move(sessions)), budget_(options.in_flight_bytes) {}

Server::~Server() = default;

void Server::serve(std::unique_ptr<Listener> listener, std::string name) {
  CHECK(!stopping_);
  listeners_.push_back(std::move(listener));
  ++accepting_;
  spawn(shard_, accept_loop(listeners_.back().get(), std::move(name)));
}

Task<> Server::accept_loop(Listener* listener, std::string name) {
  for (;;) {
    auto connection = co_await listener->accept();
    if (!connection) {
      if (!stopping_) log::error("listener is broken", field("listener", name), field("reason", connection.error()));
      listener->close();  // the kernel gives what comes to the other shards then
      break;
    }
    if (co_await admit((*connection)->peer().host))
      begin(std::move(*connection), name);
    else
      (*connection)->close();
  }
  --accepting_;
  changed_.notify();
}

Task<bool> Server::admit(std::string ip) {
  if (options_.limits) {
    auto& limits = *options_.limits;
    if (!co_await limits.owner().call(limits, &ConnectionLimits::admit, ip)) {
      if (!stopping_) log::info("connection refused: too many from this address", field("peer", ip));
      co_return false;
    }
    if (stopping_) give_back(std::move(ip));
  }
  co_return !stopping_;
}

void Server::give_back(std::string ip) {
  if (!options_.limits) return;
  auto& limits = *options_.limits;
  limits.owner().post([&limits, ip = std::move(ip)]() mutable { limits.release(std::move(ip)); });
}

void Server::begin(ConnectionPtr connection, const std::string& name) {
  ConnectionInfo info{++last_id_, connection->peer(), name};
  auto session = sessions_(info);
  auto served = std::make_shared<ServerConnection>(*this, std::move(info), std::move(connection), std::move(session));
  connections_.emplace(served->info().id, served);
  served->start();
}

void Server::remove(std::uint64_t id) {
  const auto at = connections_.find(id);
  CHECK(at != connections_.end());
  give_back(at->second->info().peer.host);
  connections_.erase(at);
  changed_.notify();
}

Task<bool> Server::stop(Instant deadline) {
  stopping_ = true;
  for (const auto& listener : listeners_) listener->close();
  for (const auto& [id, connection] : connections_) connection->stop();
  if (options_.limits) co_await options_.limits->owner().call(*options_.limits, &ConnectionLimits::close);
  bool over = false;
  const auto timer = shard_.clock.call_at(deadline, [this] {
    for (const auto& [id, connection] : connections_) connection->close();
  });
  const auto end = shard_.clock.call_at(deadline + kAfterClosing, [this, &over] {
    over = true;
    changed_.notify();
  });
  while (!is_empty() && !over) co_await changed_.wait();
  co_return is_empty();
}

}  // namespace thalweg::network
