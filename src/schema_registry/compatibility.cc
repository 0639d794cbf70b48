// /compatibility: whether a schema could be registered, without registering it
#include "schema_registry/call.h"

namespace thalweg::schema_registry {
namespace {

Task<Outcome> check(RegistryService& registry, Call call, std::optional<registry::VersionName> version) {
  auto schema = call.body(registry::schema_input_from);
  if (!schema) co_return std::unexpected(std::move(schema.error()));
  co_return co_await ask(registry, call,
                         registry::CheckCompatibility{.subject = call.subject(),
                                                      .version = version,
                                                      .schema = *std::move(schema),
                                                      .normalize = call.flag("normalize"),
                                                      .verbose = call.flag("verbose")});
}

Task<Outcome> with_one(RegistryService& registry, Call call) {
  auto version = call.version();
  if (!version) co_return std::unexpected(std::move(version.error()));
  co_return co_await check(registry, call, *version);
}

Task<Outcome> with_all(RegistryService& registry, Call call) { return check(registry, std::move(call), std::nullopt); }

}  // namespace

void add_compatibility(Routes& routes) {
  routes.add("POST", "/compatibility/subjects/{subject}/versions/{version}", with_one);
  routes.add("POST", "/compatibility/subjects/{subject}/versions", with_all);
}

}  // namespace thalweg::schema_registry
