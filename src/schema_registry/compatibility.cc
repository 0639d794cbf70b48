// /compatibility: whether a schema could be registered, without registering it
#include "schema_registry/call.h"
#include "schema_registry/tagging.h"

namespace thalweg::schema_registry {
namespace {

Task<Outcome> check(RegistryService& registry, Call call, std::optional<registry::VersionName> version) {
  CO_TRY(auto schema, co_await call.body(registry, registry::schema_input_from));
  CO_TRY_VOID(co_await apply_tags(registry, call, schema));
  co_return co_await ask(registry, call,
                         registry::CheckCompatibility{.subject = call.subject(),
                                                      .version = version,
                                                      .schema = std::move(schema),
                                                      .normalize = call.flag("normalize"),
                                                      .verbose = call.flag("verbose")});
}

Task<Outcome> with_one(RegistryService& registry, Call call) {
  CO_TRY(const auto version, call.version());
  co_return co_await check(registry, call, version);
}

Task<Outcome> with_all(RegistryService& registry, Call call) { return check(registry, std::move(call), std::nullopt); }

}  // namespace

void add_compatibility(Routes& routes) {
  routes.add("POST", "/compatibility/subjects/{subject}/versions/{version}", with_one);
  routes.add("POST", "/compatibility/subjects/{subject}/versions", with_all);
}

}  // namespace thalweg::schema_registry
