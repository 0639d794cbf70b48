// Closes a connection whose client keeps us waiting: beyond a deadline, or slower than a pace. Owner: the shard.
#pragma once

#include <cstdint>
#include <memory>

#include "metrics/metrics.h"
#include "runtime/clock.h"
#include "runtime/network.h"

namespace thalweg::http {

class ConnectionWatch {
 public:
  // `expired` counts those that were closed.
  ConnectionWatch(Clock& clock, ConnectionPtr connection, Gauge& expired)
      : clock_(clock), connection_(std::move(connection)), expired_(expired) {}

  // One of these holds at a time.
  void within(Instant span);                           // closed after that
  void paced(std::uint64_t bytes, Instant each_span);  // closed unless so many move in every such span
  void off() { timer_.reset(); }

 private:
  void expire();
  void look_after(std::uint64_t bytes, Instant span);

  Clock& clock_;
  const ConnectionPtr connection_;
  Gauge& expired_;
  std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace thalweg::http
