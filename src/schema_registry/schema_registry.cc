#include "schema_registry/schema_registry.h"

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "json/writer.h"
#include "schema_registry/call.h"
#include "schema_registry/relay.h"

namespace thalweg::schema_registry {
namespace {

constexpr Instant kStopWithin = std::chrono::seconds(2);
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

// Before the first request there is no topic, and it is made then.
Task<Outcome> ready(RegistryService& registry, Call call) {
  if (registry.topic().exists() && registry.topic().leader() == kNoBroker)
    co_return std::unexpected(registry::Failure{registry::Code::kNoLeader, "nobody leads _schemas at the moment"});
  co_return json_response(call, json::Object());
}

Task<Outcome> version(RegistryService&, Call call) {
  co_return json_response(call, json::Object::of({{"version", THALWEG_VERSION}, {"commitId", "thalweg"}}));
}

}  // namespace

SchemaRegistry::SchemaRegistry(broker::Broker& broker, Workers& workers)
    : broker_(broker),
      registry_(broker, workers),
      memory_(kMemory),
      router_(error_response),
      relay_(std::make_unique<Relay>(broker, registry_.topic(), router_)) {
  add_routes();
  site_ = std::make_unique<http::Site>(broker.shard0(), memory_, router_, site_options(broker.config()));
}

SchemaRegistry::~SchemaRegistry() = default;

void SchemaRegistry::add_routes() {
  Routes routes(router_, registry_, *relay_);
  routes.add_here("GET", "/", empty);  // as probes ask
  routes.add_here("POST", "/", empty);
  routes.add_here("GET", "/status/ready", ready);
  routes.add_here("GET", "/v1/metadata/id", [this](RegistryService&, Call call) -> Task<Outcome> {
    const auto& image = *broker_.shards().front()->image();
    const auto clusters =
        json::Object::of({{"kafka-cluster", image.cluster_id()}, {"schema-registry-cluster", "schema-registry"}});
    const auto scope = json::Object::of({{"path", json::Array()}, {"clusters", clusters}});
    co_return json_response(call, json::Object::of({{"id", ""}, {"scope", scope}}));
  });
  routes.add_here("GET", "/v1/metadata/version", version);
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
  relay_->start();
  co_return site_->start(http::endpoints_of(broker_.config().schema_registry_listeners));
}

Task<> SchemaRegistry::stop() {
  relay_->begin_stop();
  co_await site_->stop();
  co_await registry_.stop();
  co_await relay_->stop(broker_.shard0().clock.now() + kStopWithin);
}

}  // namespace thalweg::schema_registry
