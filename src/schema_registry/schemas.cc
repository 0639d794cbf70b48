// /schemas: by id, by guid, all of them, and of which types
#include "schema_registry/call.h"
#include "schema_registry/tagging.h"

namespace thalweg::schema_registry {
namespace {

registry::Answer<std::int32_t> id_of(const Call& call) {
  if (const auto id = call.id()) return *id;
  return std::unexpected(registry::Failure{registry::Code::kNotFound,
                                           "HTTP 404 Not Found: '" + call.parameter() + "' is no id of a schema"});
}

registry::Answer<registry::GetById> wanted_id(const Call& call) {
  TRY(const auto id, id_of(call));
  return registry::GetById{
      .id = id, .subject = call.subject_hint(), .format = call.text("format"), .fetch_max_id = call.flag("fetchMaxId")};
}

Task<Outcome> by_id(RegistryService& registry, Call call) {
  CO_TRY(auto request, wanted_id(call));
  CO_TRY(auto schema, co_await registry.ask(std::move(request), call.context()));
  co_return co_await with_tags_found(registry, call, std::move(schema));
}

Task<Outcome> text_by_id(RegistryService& registry, Call call) {
  CO_TRY(auto request, wanted_id(call));
  CO_TRY(const auto schema, co_await registry.ask(std::move(request), call.context()));
  co_return text_response(call, schema.schema);
}

Task<Outcome> subjects_of_id(RegistryService& registry, Call call) {
  CO_TRY(const auto id, id_of(call));
  co_return co_await ask(
      registry, call,
      registry::GetSubjectsById{
          .id = id, .subject = call.subject_hint(), .deleted = call.flag("deleted"), .page = call.page()});
}

template <class T>
json::Value all_to_json(const std::vector<T>& items) {
  json::Array all;
  for (const auto& item : items) all.push_back(registry::to_json(item));
  return all;
}

Task<Outcome> versions_of_id(RegistryService& registry, Call call) {
  CO_TRY(const auto id, id_of(call));
  co_return co_await ask(
      registry, call,
      registry::GetVersionsById{
          .id = id, .subject = call.subject_hint(), .deleted = call.flag("deleted"), .page = call.page()},
      all_to_json<registry::SubjectVersion>);
}

Task<Outcome> by_guid(RegistryService& registry, Call call) {
  return ask(registry, call, registry::GetByGuid{.guid = call.parameter(), .format = call.text("format")});
}

Task<Outcome> ids_of_guid(RegistryService& registry, Call call) {
  return ask(registry, call, registry::GetIdsByGuid{.guid = call.parameter()}, all_to_json<registry::ContextId>);
}

Task<Outcome> types(RegistryService&, Call call) {
  co_return json_response(call, json::Array{"JSON", "PROTOBUF", "AVRO"});
}

Task<Outcome> all(RegistryService& registry, Call call) {
  return ask(registry, call,
             registry::GetSchemas{.prefix = call.subject_prefix(),
                                  .deleted = call.flag("deleted"),
                                  .latest_only = call.flag("latestOnly"),
                                  .rule_type = call.text("ruleType"),
                                  .page = call.page()},
             all_to_json<registry::SchemaObject>);
}

}  // namespace

void add_schemas(Routes& routes) {
  routes.add("GET", "/schemas/ids/{id}", by_id);
  routes.add("GET", "/schemas/ids/{id}/schema", text_by_id);
  routes.add("GET", "/schemas/ids/{id}/subjects", subjects_of_id);
  routes.add("GET", "/schemas/ids/{id}/versions", versions_of_id);
  routes.add("GET", "/schemas/guids/{guid}", by_guid);
  routes.add("GET", "/schemas/guids/{guid}/ids", ids_of_guid);
  routes.add_here("GET", "/schemas/types", types);
  routes.add("GET", "/schemas", all);
}

}  // namespace thalweg::schema_registry
