// Takes connections from listeners, within the limits of the broker, and ends them in order. What is spoken over them
// is their Handler's business: Kafka's framing is one kind of it (Server), HTTP another.
// Owner: the shard. Every shard of a broker has its own on the same port.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "network/connection_info.h"
#include "network/connection_limits.h"
#include "network/connection_metrics.h"
#include "runtime/shard.h"
#include "runtime/signal.h"
#include "runtime/stop_signal.h"

namespace thalweg::network {

// Serves one connection, and tells its acceptor when that is over: Acceptor::ended(). Owner: the shard.
class Handler {
 public:
  virtual ~Handler() = default;
  // May end before it returns.
  virtual void start() = 0;
  // Ends once what was begun is answered; at once when that is nothing.
  virtual void stop() = 0;
  // Ends as soon as what it has under way gives up.
  virtual void close() = 0;
};

// Whom a listener is for. Nodes of the cluster are let in whatever clients hold: a cluster whose members cannot reach
// each other is of no use to anybody. (Apache Kafka counts neither its controllers' listener nor, where it is one of
// several, that between brokers: ConnectionQuotas.protectedListener.)
enum class ListenerFor : std::uint8_t { kClients, kNodes };

class Acceptor {
 public:
  using Factory = std::move_only_function<std::shared_ptr<Handler>(ConnectionInfo, ConnectionPtr)>;

  // `limits` are shared by all acceptors of a broker; none: no limit.
  Acceptor(const Shard& shard, ConnectionLimits* limits, Factory handlers);
  // REQUIRES: no coroutine of it is left: stop() gave true, or the shard's suspended coroutines were dropped.
  ~Acceptor();

  // Accepts connections until stop(). `name` becomes ConnectionInfo::listener. A listener that fails is said once and
  // tried again.
  void serve(std::unique_ptr<Listener> listener, std::string name, ListenerFor whom = ListenerFor::kClients);
  // Accepts no more and stops every handler. Those that are left at the deadline are closed, and false if some are
  // still there a moment later: something they wait for does not end, and is left alone.
  Task<bool> stop(Instant deadline);
  // The stop() that is under way has this deadline instead.
  void end_stop_by(Instant deadline);

  // By the handler, once, as the last thing it does: it may be gone when this returns.
  void ended(std::uint64_t id);

  std::size_t connections() const { return handlers_.size(); }
  // Calls for every handler; the call may close it, but not end it at once.
  void for_each(const std::function<void(Handler&)>& call) const;

 private:
  struct Served {
    std::shared_ptr<Handler> handler;
    std::optional<std::string> admitted;  // from where, by the limits
    ConnectionMetrics* metrics;
  };
  Task<> accept_loop(Listener* listener, std::string name, ListenerFor whom);
  Task<bool> admit(std::string ip, ConnectionMetrics& metrics);
  void begin(ConnectionPtr connection, const std::string& name, ConnectionMetrics& metrics, bool admitted);
  void give_back(std::string ip);
  bool is_empty() const { return handlers_.empty() && accepting_ == 0; }

  const Shard& shard_;
  ConnectionLimits* const limits_;
  Factory make_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::map<std::string, ConnectionMetrics> metrics_;  // by the listener's name
  std::map<std::uint64_t, Served> handlers_;
  std::size_t accepting_ = 0;  // accept loops that have not ended
  std::uint64_t last_id_ = 0;
  StopSignal stopping_;
  std::unique_ptr<Clock::Timer> closing_, ending_;  // of the deadline of stop()
  bool over_ = false;
  Signal changed_;
};

}  // namespace thalweg::network
