// /config: compatibility levels and what else can be set, of all subjects and of one
#include "schema_registry/call.h"

namespace thalweg::schema_registry {
namespace {

json::Value as_got(const registry::Config& config) { return registry::to_json(config, registry::LevelKey::kGot); }
json::Value as_put(const registry::Config& config) { return registry::to_json(config, registry::LevelKey::kPut); }

Task<Outcome> get_config(RegistryService& registry, Call call) {
  return ask(registry, call,
             registry::GetConfig{.subject = call.subject_or_all(), .default_to_global = call.flag("defaultToGlobal")},
             as_got);
}

Task<Outcome> put_config(RegistryService& registry, Call call) {
  CO_TRY(auto request, co_await call.body(registry, registry::put_config_from));
  request.subject = call.subject_or_all();
  co_return co_await ask(registry, call, std::move(request), as_put);
}

Task<Outcome> delete_config(RegistryService& registry, Call call) {
  return ask(registry, call, registry::DeleteConfig{.subject = call.subject_or_all()}, as_got);
}

}  // namespace

void add_config(Routes& routes) {
  for (const char* pattern : {"/config", "/config/{subject}"}) {
    routes.add("GET", pattern, get_config);
    routes.add("PUT", pattern, put_config);
    routes.add("DELETE", pattern, delete_config);
  }
}

}  // namespace thalweg::schema_registry
