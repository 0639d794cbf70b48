// Closes a connection over which nothing has happened for too long: connections.max.idle.ms.
//
// Idle is a connection that waits for its client: for the rest of a request, or for an answer to be read. As long as
// bytes move, however slowly, or it is we who let the client wait, it is not. Owner: the shard.
#pragma once

#include <functional>
#include <memory>

#include "metrics/metrics.h"
#include "runtime/clock.h"
#include "runtime/network.h"

namespace thalweg::network {

class IdleWatch {
 public:
  // Instant::max(): never idle. `waits_for_us` says whether the client can do nothing but wait; `expired` counts those
  // that were closed.
  IdleWatch(Clock& clock, ConnectionPtr connection, Instant idle_max, std::function<bool()> waits_for_us,
            Gauge& expired);

  // Something has happened.
  void mark_active();
  Instant last_active() const { return last_active_; }
  // The watch is over.
  void end() { timer_.reset(); }

 private:
  // One timer for the whole life of the connection: activity only writes down the time.
  void look_at(Instant when);
  void close_if_idle();
  Instant due() const;

  Clock& clock_;
  const ConnectionPtr connection_;
  const Instant idle_max_;
  const std::function<bool()> waits_for_us_;
  Gauge& expired_;
  Instant last_active_;
  std::uint64_t transferred_ = 0;  // at last_active_
  std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace thalweg::network
