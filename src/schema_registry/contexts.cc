// /contexts: spaces of subjects and ids of their own
#include "schema_registry/call.h"

namespace thalweg::schema_registry {
namespace {

Task<Outcome> list_contexts(RegistryService& registry, Call call) {
  return ask(registry, call, registry::GetContexts{.prefix = call.text("contextPrefix"), .page = call.page()});
}

Task<Outcome> delete_context(RegistryService& registry, Call call) {
  CO_TRY_VOID(co_await registry.ask(registry::DeleteContext{.context = call.parameter()}, call.context()));
  co_return http::Response{.status = 204};
}

}  // namespace

void add_contexts(Routes& routes) {
  routes.add("GET", "/contexts", list_contexts);
  routes.add("DELETE", "/contexts/{context}", delete_context);
}

}  // namespace thalweg::schema_registry
