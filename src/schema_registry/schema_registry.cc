#include "schema_registry/schema_registry.h"

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "json/writer.h"
#include "schema_registry/call.h"

namespace thalweg::schema_registry {
namespace {

constexpr std::size_t kMemory = 64u << 20;  // bodies and answers on their way

http::SiteOptions site_options(const config::BrokerConfig& config) {
  http::SiteOptions options{.name = "schema registry",
                            .option = "schema.registry.listeners",
                            .what = "schema registry",
                            .was_set = config.properties.contains("schema.registry.listeners")};
  for (const auto& listener : config.advertised_listeners) options.guard.hosts.insert(listener.host);
  return options;
}

// What has no route, or is refused before it: the status is the code, as Confluent's registry says it.
http::Response error_response(int status, const std::string& message) {
  return http::text_response(status, json::write(json::Object::of({{"error_code", status}, {"message", message}})),
                             "application/vnd.schemaregistry.v1+json");
}

Task<Outcome> empty(RegistryService&, Call call) { co_return json_response(call, json::Object()); }

Task<Outcome> version(RegistryService&, Call call) {
  co_return json_response(call, json::Object::of({{"version", THALWEG_VERSION}, {"commitId", "thalweg"}}));
}

}  // namespace

SchemaRegistry::SchemaRegistry(broker::Broker& broker, Workers& workers)
    : broker_(broker), registry_(broker, workers), memory_(kMemory), router_(error_response) {
  add_routes();
  site_ = std::make_unique<http::Site>(broker.shard0(), memory_, router_, site_options(broker.config()));
}

void SchemaRegistry::add_routes() {
  Routes routes(router_, registry_);
  routes.add("GET", "/", empty);  // as probes ask
  routes.add("POST", "/", empty);
  routes.add("GET", "/status/ready", empty);
  routes.add("GET", "/v1/metadata/id", [this](RegistryService&, Call call) -> Task<Outcome> {
    const auto& image = *broker_.shards().front()->image();
    const auto clusters =
        json::Object::of({{"kafka-cluster", image.cluster_id()}, {"schema-registry-cluster", "schema-registry"}});
    const auto scope = json::Object::of({{"path", json::Array()}, {"clusters", clusters}});
    co_return json_response(call, json::Object::of({{"id", ""}, {"scope", scope}}));
  });
  routes.add("GET", "/v1/metadata/version", version);
  add_subjects(routes);
  add_versions(routes);
  add_schemas(routes);
  add_compatibility(routes);
  add_config(routes);
  add_mode(routes);
  add_contexts(routes);
}

Task<Result<>> SchemaRegistry::start() {
  co_await registry_.start();
  co_return site_->start(http::endpoints_of(broker_.config().schema_registry_listeners));
}

Task<> SchemaRegistry::stop() {
  co_await site_->stop();
  co_await registry_.stop();
}

}  // namespace thalweg::schema_registry
