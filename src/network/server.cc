#include "network/server.h"

#include <algorithm>

#include "base/log.h"
#include "network/server_connection.h"

namespace thalweg::network {

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
      break;
    }
    admit(std::move(*connection), name);
  }
  --accepting_;
  changed_.notify();
}

void Server::admit(ConnectionPtr connection, const std::string& name) {
  const std::string ip = connection->peer().host;
  if (stopping_ || connections_.size() >= options_.connections_max || per_ip_[ip] >= options_.connections_per_ip_max) {
    if (!stopping_)
      log::warn("connection refused: too many", field("peer", ip), field("connections", connections_.size()));
    return connection->close();
  }
  ++per_ip_[ip];
  ConnectionInfo info{++last_id_, connection->peer(), name};
  auto session = sessions_(info);
  auto served = std::make_shared<ServerConnection>(*this, std::move(info), std::move(connection), std::move(session));
  connections_.emplace(served->info().id, served);
  served->start();
}

void Server::remove(std::uint64_t id) {
  const auto at = connections_.find(id);
  CHECK(at != connections_.end());
  const auto ip = per_ip_.find(at->second->info().peer.host);
  if (--ip->second == 0) per_ip_.erase(ip);
  connections_.erase(at);
  changed_.notify();
}

Task<> Server::stop(Instant deadline) {
  stopping_ = true;
  for (const auto& listener : listeners_) listener->close();
  for (const auto& [id, connection] : connections_) connection->stop();
  const auto timer = shard_.clock.call_at(deadline, [this] {
    for (const auto& [id, connection] : connections_) connection->close();
  });
  while (!connections_.empty() || accepting_ > 0) co_await changed_.wait();
}

}  // namespace thalweg::network
