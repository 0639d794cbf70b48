// Metrics and health over HTTP: what `metrics.listeners` says. Stands above the broker, which does not know it.
//
//   /metrics          Prometheus' text, or OpenMetrics by Accept; single partitions up to a bound
//   /metrics/detail   the same with every partition
//   /livez, /readyz   200 or 503; ?verbose tells each check, /readyz/NAME one of them
//   /health           all of it as JSON
//
// It is there before the broker starts and after it has begun to stop, and says so: readiness goes first. One shard,
// the first, serves it. Owner: shard 0.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/site.h"
#include "monitoring/cluster_look.h"
#include "monitoring/collector.h"
#include "monitoring/health.h"
#include "runtime/budget.h"

namespace thalweg::broker {
class Broker;
}

namespace thalweg::monitoring {

class Monitoring {
 public:
  static constexpr std::size_t kPagesMax = 4;  // of metrics that are made at a time; one more is told to come again

  // The broker outlives it.
  Monitoring(broker::Broker& broker, Collector::About about);
  // REQUIRES: stop() has returned, or suspended coroutines were dropped
  ~Monitoring();

  // Binds, and answers from now on. An address that was asked for and is taken is an error; of the default it is a
  // warning, and there is no monitoring.
  Result<> start();
  // The broker serves.
  void serving() { health_.enter(Health::Phase::kServing); }
  // It is about to stop: not ready any more.
  void stopping() { health_.enter(Health::Phase::kStopping); }
  Task<> stop() { return site_.stop(); }

  // What was bound, in the order of the option; none where it gave way.
  const std::vector<Endpoint>& bound() const { return site_.bound(); }

 private:
  void add_routes();
  Task<http::Response> metrics(http::Request request, Collector::Detail detail);
  Task<http::Response> live(http::Request request);
  Task<http::Response> ready(http::Request request);
  Task<http::Response> health(http::Request request);
  // Null unless the broker serves.
  Task<std::unique_ptr<ClusterLook>> cluster();

  broker::Broker& broker_;
  Health health_;
  Collector collector_;
  const std::string version_;
  Budget memory_;
  http::Router router_;
  http::Site site_;
  std::shared_ptr<std::size_t> pages_ = std::make_shared<std::size_t>(0);  // under way
};

}  // namespace thalweg::monitoring
