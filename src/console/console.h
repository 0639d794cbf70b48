// The web console: what `console.listeners` says. Pages for people and the API that they use, /api/v1, for scripts too.
// Stands above the broker, which does not know it, and asks it as its clients do (ask.h). One file for each resource
// under api/; what the API is: schemas/.
//
// One shard, the first, serves it. Owner: shard 0.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "console/call.h"
#include "console/pages.h"
#include "http/site.h"
#include "runtime/budget.h"

namespace thalweg::console {

class Console {
 public:
  // All outlive it; without files there are no pages. REQUIRES: it is a broker, not a controller alone
  Console(broker::Broker& broker, Workers& workers, About about, std::span<const console_asset> pages);
  // REQUIRES: stop() has returned, or suspended coroutines were dropped
  ~Console();

  // Before the broker starts: which of the cluster's past is asked of it. Reads a small file.
  void look_back();
  // After the broker has started. Binds, and answers from now on. An address that was asked for and is taken is an
  // error; of the default it is a warning, and there is no console.
  Task<Result<>> start();
  // Before the broker stops.
  Task<> stop();

  const std::vector<Endpoint>& bound() const { return site_->bound(); }
  // What people sign in with; empty where nobody does, and before the start.
  const std::string& token() const { return shared_.access.token(); }

 private:
  void add_routes();
  void say_where() const;

  broker::Broker& broker_;
  Shared shared_;
  Budget memory_;
  http::Router router_;
  Pages pages_;
  std::unique_ptr<http::Site> site_;
};

}  // namespace thalweg::console
