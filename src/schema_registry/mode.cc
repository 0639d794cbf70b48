// /mode: what may be done to all subjects and to one
#include "schema_registry/call.h"

namespace thalweg::schema_registry {
namespace {

Task<Outcome> get_mode(RegistryService& registry, Call call) {
  return ask(registry, call,
             registry::GetMode{.subject = call.subject_or_all(), .default_to_global = call.flag("defaultToGlobal")});
}

Task<Outcome> put_mode(RegistryService& registry, Call call) {
  CO_TRY(auto request, co_await call.body(registry, registry::put_mode_from));
  request.subject = call.subject_or_all();
  request.force = call.flag("force");
  co_return co_await ask(registry, call, std::move(request));
}

Task<Outcome> delete_mode(RegistryService& registry, Call call) {
  return ask(registry, call,
             registry::DeleteMode{.subject = call.subject_or_all(), .recursive = call.flag("recursive")});
}

}  // namespace

void add_mode(Routes& routes) {
  for (const char* pattern : {"/mode", "/mode/{subject}"}) {
    routes.add("GET", pattern, get_mode);
    routes.add("PUT", pattern, put_mode);
    routes.add("DELETE", pattern, delete_mode);
  }
}

}  // namespace thalweg::schema_registry
