// /subjects and /subjects/{subject}
#include "schema_registry/call.h"

namespace thalweg::schema_registry {
namespace {

Task<Outcome> list_subjects(RegistryService& registry, Call call) {
  return ask(registry, call,
             registry::GetSubjects{.prefix = call.subject_prefix(),
                                   .deleted = call.flag("deleted"),
                                   .deleted_only = call.flag("deletedOnly"),
                                   .page = call.page()});
}

// Whether the schema is there under this subject already.
Task<Outcome> look_up(RegistryService& registry, Call call) {
  CO_TRY(auto schema, co_await call.body(registry, registry::schema_input_from));
  co_return co_await ask(registry, call,
                         registry::LookUpSchema{.subject = call.subject(),
                                                .schema = std::move(schema),
                                                .normalize = call.flag("normalize"),
                                                .deleted = call.flag("deleted"),
                                                .format = call.text("format")});
}

Task<Outcome> delete_subject(RegistryService& registry, Call call) {
  return ask(registry, call, registry::DeleteSubject{.subject = call.subject(), .permanent = call.flag("permanent")});
}

Task<Outcome> latest_with_metadata(RegistryService& registry, Call call) {
  registry::GetLatestWithMetadata request{
      .subject = call.subject(), .deleted = call.flag("deleted"), .format = call.text("format")};
  std::vector<std::string> keys, values;
  for (const auto& [name, value] : call.request().query) {
    if (name == "key") keys.push_back(value);
    if (name == "value") values.push_back(value);
  }
  for (std::size_t i = 0; i < std::min(keys.size(), values.size()); ++i)
    request.properties.emplace_back(keys[i], values[i]);
  co_return co_await ask(registry, call, std::move(request));
}

}  // namespace

void add_subjects(Routes& routes) {
  routes.add("GET", "/subjects", list_subjects);
  routes.add("POST", "/subjects/{subject}", look_up);
  routes.add("DELETE", "/subjects/{subject}", delete_subject);
  routes.add("GET", "/subjects/{subject}/metadata", latest_with_metadata);
}

}  // namespace thalweg::schema_registry
