#include "network/server.h"

#include "base/log.h"
#include "network/server_connection.h"

namespace thalweg::network {
namespace {
// How often connections are looked at while somebody waits for memory.
constexpr Instant kLookEvery = std::chrono::milliseconds(500);
}  // namespace

Server::Server(const Shard& shard, ServerOptions options, Budget& memory, SessionFactory sessions)
    : shard_(shard),
      options_(options),
      memory_(memory),
      sessions_(std::move(sessions)),
      metrics_(shard.metrics),
      acceptor_(shard, options.limits, [this](ConnectionInfo info, ConnectionPtr connection) {
        return make(std::move(info), std::move(connection));
      }) {
  listen_for_shortage();
}

Server::~Server() = default;

std::shared_ptr<Handler> Server::make(ConnectionInfo info, ConnectionPtr connection) {
  auto session = sessions_(info);
  return std::make_shared<ServerConnection>(*this, std::move(info), std::move(connection), std::move(session));
}

void Server::listen_for_shortage() {
  shortage_ = memory_.once_short([this] { watch(); });
}

void Server::watch() {
  if (!next_look_) next_look_ = shard_.clock.call_at(shard_.clock.now() + kLookEvery, [this] { look(); });
}

// Large frames are told apart because their memory is counted elsewhere, where one has to ask.
void Server::look() {
  next_look_.reset();
  const bool is_short = memory_.is_short();
  acceptor_.for_each([&](Handler& handler) {
    auto& connection = static_cast<ServerConnection&>(handler);  // all of them are
    const auto stalled = connection.look();
    if (stalled == Stalled::kLargeFrame && options_.large_frames)
      spawn(shard_, close_if_wanted(connection.weak_from_this(), options_.large_frames));
    else if (stalled != Stalled::kNo && is_short)
      connection.close_stalled();
  });
  if (is_short || large_ > 0)
    watch();
  else
    listen_for_shortage();
}

Task<> Server::close_if_wanted(std::weak_ptr<ServerConnection> weak, LargeFrames* frames) {
  if (!co_await frames->is_wanted()) co_return;
  if (const auto connection = weak.lock()) connection->close_stalled();
}

}  // namespace thalweg::network
