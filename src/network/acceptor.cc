#include "network/acceptor.h"

#include "base/log.h"

namespace thalweg::network {
namespace {
// What a connection that is closed hard may take to be gone, unless something holds it.
constexpr Instant kAfterClosing = std::chrono::milliseconds(500);
// Between two tries of a listener that fails.
constexpr Instant kAfterFailure = std::chrono::milliseconds(100);
}  // namespace

Acceptor::Acceptor(const Shard& shard, ConnectionLimits* limits, Factory handlers)
    : shard_(shard), limits_(limits), make_(std::move(handlers)) {}

Acceptor::~Acceptor() = default;

void Acceptor::serve(std::unique_ptr<Listener> listener, std::string name, ListenerFor whom) {
  CHECK(!stopping_.given());
  listeners_.push_back(std::move(listener));
  ++accepting_;
  spawn(shard_, accept_loop(listeners_.back().get(), std::move(name), whom));
}

Task<> Acceptor::accept_loop(Listener* listener, std::string name, ListenerFor whom) {
  const bool limited = limits_ && whom == ListenerFor::kClients;
  auto& metrics = metrics_.try_emplace(name, shard_.metrics, name).first->second;
  bool failing = false;
  while (!stopping_.given()) {
    auto connection = co_await listener->accept();
    if (!connection) {
      if (stopping_.given()) break;
      metrics.accept_failures.add();
      if (!std::exchange(failing, true))
        log::error("connections cannot be accepted, trying again", field("listener", name),
                   field("error", connection.error()));
      co_await stopping_.sleep_until(shard_.clock, shard_.clock.now() + kAfterFailure);
      continue;
    }
    if (std::exchange(failing, false)) log::info("connections are accepted again", field("listener", name));
    if (limited ? co_await admit((*connection)->peer().host, metrics) : !stopping_.given())
      begin(std::move(*connection), name, metrics, limited);
    else
      (*connection)->close();
  }
  --accepting_;
  changed_.notify();
}

Task<bool> Acceptor::admit(std::string ip, ConnectionMetrics& metrics) {
  if (!co_await limits_->owner().call(*limits_, &ConnectionLimits::admit, ip)) {
    if (stopping_.given()) co_return false;
    metrics.refused.add();
    log::info("connection refused: too many from this address", field("peer", ip));
    co_return false;
  }
  if (stopping_.given()) give_back(std::move(ip));
  co_return !stopping_.given();
}

void Acceptor::give_back(std::string ip) {
  limits_->owner().post([limits = limits_, ip = std::move(ip)]() mutable { limits->release(std::move(ip)); });
}

void Acceptor::begin(ConnectionPtr connection, const std::string& name, ConnectionMetrics& metrics, bool admitted) {
  metrics.accepted.add();
  metrics.open.add(1);
  ConnectionInfo info{++last_id_, connection->peer(), name, &metrics};
  auto ip = admitted ? std::optional(info.peer.host) : std::nullopt;
  const std::uint64_t id = info.id;
  const auto handler = make_(std::move(info), std::move(connection));
  handlers_.emplace(id, Served{handler, std::move(ip), &metrics});
  handler->start();
}

void Acceptor::ended(std::uint64_t id) {
  auto node = handlers_.extract(id);
  CHECK(node);
  node.mapped().metrics->open.add(-1);
  if (auto& ip = node.mapped().admitted) give_back(*std::move(ip));
  changed_.notify();
}

void Acceptor::for_each(const std::function<void(Handler&)>& call) const {
  for (const auto& [id, served] : handlers_) call(*served.handler);
}

Task<bool> Acceptor::stop(Instant deadline) {
  stopping_.give();
  for (const auto& listener : listeners_) listener->close();
  for_each([](Handler& handler) { handler.stop(); });
  if (limits_) co_await limits_->owner().call(*limits_, &ConnectionLimits::close);
  end_stop_by(deadline);
  while (!is_empty() && !over_) co_await changed_.wait();
  closing_.reset();
  ending_.reset();
  co_return is_empty();
}

void Acceptor::end_stop_by(Instant deadline) {
  over_ = false;
  closing_ = shard_.clock.call_at(deadline, [this] { for_each([](Handler& handler) { handler.close(); }); });
  ending_ = shard_.clock.call_at(deadline + kAfterClosing, [this] {
    over_ = true;
    changed_.notify();
  });
}

}  // namespace thalweg::network
