// The schema registry over HTTP, after Confluent's REST API: what `schema.registry.listeners` says. Stands above the
// broker, which does not know it. One file for each resource; the registry itself is module `registry`.
//
// One shard, the first, serves it. Owner: shard 0.
#pragma once

#include <memory>
#include <vector>

#include "http/site.h"
#include "schema_registry/registry_service.h"

namespace thalweg::schema_registry {

class Relay;

class SchemaRegistry {
 public:
  // Both outlive it. REQUIRES: the broker has not started
  SchemaRegistry(broker::Broker& broker, Workers& workers);
  ~SchemaRegistry();

  // After the broker has started. Binds, and answers from now on. An address that was asked for and is taken is an
  // error; of the default it is a warning, and there is no registry.
  Task<Result<>> start();
  // Before the broker stops.
  Task<> stop();

  const std::vector<Endpoint>& bound() const { return site_->bound(); }

 private:
  void add_routes();

  broker::Broker& broker_;
  RegistryService registry_;
  Budget memory_;
  http::Router router_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<http::Site> site_;
};

}  // namespace thalweg::schema_registry
