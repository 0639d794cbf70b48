// A family of addresses that is served over HTTP on one shard: what an option of listeners says, with limits of its own
// on connections. Owner: the shard.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/server.h"
#include "network/connection_limits.h"

namespace thalweg::http {

// What an option of listeners says, as addresses: each has a host and a port.
template <class Listeners>
std::vector<Endpoint> endpoints_of(const Listeners& listeners) {
  std::vector<Endpoint> endpoints;
  for (const auto& [host, port] : listeners) endpoints.push_back({host, port});
  return endpoints;
}

struct SiteOptions {
  std::string name;      // of the listener, in logs and labels: "metrics"
  std::string option;    // "metrics.listeners"
  std::string what;      // "metrics and health", for log lines
  bool was_set = false;  // an address that was asked for and is taken is an error; of the default it is a warning
  std::size_t connections = 512, connections_per_ip = 64;
  GuardRules guard;  // the names of the addresses are added
};

class Site {
 public:
  // `memory` and `router` outlive it.
  Site(const Shard& shard, Budget& memory, const Router& router, SiteOptions options);
  // REQUIRES: stop() has returned, or suspended coroutines were dropped
  ~Site();

  // Binds, and answers from now on. "localhost" is both loopbacks, as far as the machine has them; an empty host is all
  // addresses.
  Result<> start(const std::vector<Endpoint>& addresses);
  Task<> stop();

  // What was bound, in the order of the addresses; none where it gave way.
  const std::vector<Endpoint>& bound() const { return bound_; }

 private:
  Result<> listen(const Endpoint& address);

  const Shard& shard_;
  Budget& memory_;
  const Router& router_;
  const SiteOptions options_;
  std::unique_ptr<network::ConnectionLimits> limits_;
  std::unique_ptr<Server> server_;
  std::vector<Endpoint> bound_;
};

}  // namespace thalweg::http
