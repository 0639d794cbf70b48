// /subjects/{subject}/versions and below
#include "schema_registry/call.h"
#include "schema_registry/tagging.h"

namespace thalweg::schema_registry {
namespace {

Task<Outcome> list_versions(RegistryService& registry, Call call) {
  return ask(registry, call,
             registry::GetVersions{.subject = call.subject(),
                                   .deleted = call.flag("deleted"),
                                   .deleted_only = call.flag("deletedOnly"),
                                   .deleted_as_negative = call.flag("deletedAsNegative"),
                                   .page = call.page()});
}

Task<Outcome> register_version(RegistryService& registry, Call call) {
  CO_TRY(auto schema, co_await call.body(registry, registry::schema_input_from));
  CO_TRY_VOID(co_await apply_tags(registry, call, schema));
  registry::RegisterSchema request{.subject = call.subject(),
                                   .schema = std::move(schema),
                                   .normalize = call.flag("normalize"),
                                   .force = call.flag("force"),
                                   .format = call.text("format")};
  co_return co_await ask(registry, call, std::move(request), registry::registered_to_json);
}

registry::Answer<registry::GetVersion> wanted_version(const Call& call) {
  TRY(const auto version, call.version());
  return registry::GetVersion{
      .subject = call.subject(), .version = version, .deleted = call.flag("deleted"), .format = call.text("format")};
}

Task<Outcome> get_version(RegistryService& registry, Call call) {
  CO_TRY(auto request, wanted_version(call));
  CO_TRY(auto schema, co_await registry.ask(std::move(request), call.context()));
  co_return co_await with_tags_found(registry, call, std::move(schema));
}

// The version with other tags becomes the next version.
Task<Outcome> tag_version(RegistryService& registry, Call call) {
  CO_TRY(const auto request, co_await call.body(registry, registry::tag_request_from));
  CO_TRY(auto wanted, wanted_version(call));
  CO_TRY(const auto stored, co_await registry.ask(std::move(wanted), call.context()));
  CO_TRY(auto schema, tagged_input(stored, request));
  CO_TRY_VOID(co_await apply_tags(registry, call, schema));
  registry::RegisterSchema next{.subject = stored.subject, .schema = std::move(schema)};
  co_return co_await ask(registry, call, std::move(next), registry::registered_to_json);
}

Task<Outcome> get_version_text(RegistryService& registry, Call call) {
  CO_TRY(auto request, wanted_version(call));
  CO_TRY(const auto schema, co_await registry.ask(std::move(request), call.context()));
  co_return text_response(call, schema);
}

Task<Outcome> referenced_by(RegistryService& registry, Call call) {
  CO_TRY(const auto version, call.version());
  co_return co_await ask(
      registry, call,
      registry::GetReferencedBy{
          .subject = call.subject(), .version = version, .deleted = call.flag("deleted"), .page = call.page()});
}

Task<Outcome> delete_version(RegistryService& registry, Call call) {
  CO_TRY(const auto version, call.version());
  co_return co_await ask(
      registry, call,
      registry::DeleteVersion{.subject = call.subject(), .version = version, .permanent = call.flag("permanent")},
      [](registry::VersionNumber gone) { return json::Value(gone.version); });
}

}  // namespace

void add_versions(Routes& routes) {
  routes.add("GET", "/subjects/{subject}/versions", list_versions);
  routes.add("POST", "/subjects/{subject}/versions", register_version);
  routes.add("GET", "/subjects/{subject}/versions/{version}", get_version);
  routes.add("GET", "/subjects/{subject}/versions/{version}/schema", get_version_text);
  routes.add("GET", "/subjects/{subject}/versions/{version}/referencedby", referenced_by);
  routes.add("GET", "/subjects/{subject}/versions/{version}/referencedBy", referenced_by);  // as Redpanda spells it
  routes.add("DELETE", "/subjects/{subject}/versions/{version}", delete_version);
  routes.add("POST", "/subjects/{subject}/versions/{version}/tags", tag_version);
}

}  // namespace thalweg::schema_registry
