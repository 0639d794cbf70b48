#include "schema_registry/tagging.h"

#include <algorithm>

namespace thalweg::schema_registry {
namespace {

using registry::Code;
using registry::Failure;

// Here or on a worker, as the size of the text asks for.
template <class F>
Task<std::invoke_result_t<F&>> on_text(RegistryService& registry, std::size_t bytes, F work) {
  if (bytes <= kSmallMax) co_return work();
  Workshop::Seat seat;
  co_return co_await registry.workshop().run(std::move(work), bytes, seat);
}

std::vector<std::string> tags_asked_for(const Call& call) {
  std::vector<std::string> asked;
  for (const auto& [name, value] : call.request().query)
    if (name == "findTags") asked.push_back(value);
  return asked;
}

Task<std::vector<schema::EntityTags>> found_in(RegistryService& registry, Call call, schema::Type type,
                                               registry::Text text) {
  const auto asked = tags_asked_for(call);
  if (asked.empty()) co_return std::vector<schema::EntityTags>();
  const std::size_t bytes = text.size();
  auto found = co_await on_text(registry, bytes, [type, text] { return schema::tags_in(type, text.str()); });
  const bool all = std::ranges::find(asked, "*") != asked.end();
  std::erase_if(found, [&](const schema::EntityTags& each) {
    return !all && std::ranges::none_of(
                       each.tags, [&](const std::string& tag) { return std::ranges::find(asked, tag) != asked.end(); });
  });
  co_return found;
}

// Of the latest version, where there is one.
Task<std::vector<schema::EntityTags>> latest_tags(RegistryService& registry, Call call) {
  const auto latest = co_await registry.ask(registry::GetVersion{.subject = call.subject()}, call.context());
  if (!latest) co_return std::vector<schema::EntityTags>();
  const registry::Text text = latest->text;
  const std::size_t bytes = text.size();
  co_return co_await on_text(registry, bytes,
                             [type = latest->type, text] { return schema::tags_in(type, text.str()); });
}

void remove_rules(registry::RuleSet& rules, const std::vector<std::string>& names) {
  for (auto* list : {&rules.migration, &rules.domain})
    std::erase_if(*list,
                  [&](const registry::Rule& rule) { return std::ranges::find(names, rule.name) != names.end(); });
}

}  // namespace

Task<registry::Answer<>> apply_tags(RegistryService& registry, Call call, registry::SchemaInput& input) {
  if (!input.tags.empty() && !input.version) input.version = -1;  // so that the version is kept as a property
  if (input.propagate_tags)
    for (auto& each : co_await latest_tags(registry, call)) input.tags.add.push_back(std::move(each));
  if (input.tags.empty()) co_return registry::Answer<>();
  const auto type = schema::type_named(input.type.empty() ? "AVRO" : input.type);
  if (!type) co_return std::unexpected(Failure{Code::kInvalidSchema, "the type of a schema is AVRO, JSON or PROTOBUF"});
  const registry::Text text = input.text;
  const std::size_t bytes = text.size();
  auto changed = co_await on_text(registry, bytes, [type = *type, text, tags = std::exchange(input.tags, {})] {
    return schema::change_tags(type, text.str(), tags);
  });
  if (!changed) co_return std::unexpected(Failure{Code::kInvalidSchema, std::move(changed.error().message)});
  input.text = *std::move(changed);
  co_return registry::Answer<>();
}

registry::Answer<registry::SchemaInput> tagged_input(const registry::SchemaObject& stored,
                                                     const registry::TagRequest& request) {
  registry::SchemaInput input{.type = std::string(schema::name(stored.type)),
                              .text = stored.text,
                              .references = stored.references,
                              .metadata = request.metadata ? request.metadata : stored.metadata,
                              .rules = request.rules,
                              .version = request.new_version.value_or(-1),
                              .id = std::nullopt,
                              .tags = request.tags};
  const bool changes_rules = request.merge || !request.remove.empty();
  if (changes_rules && request.rules)
    return std::unexpected(
        Failure{Code::kInvalidRules, "ruleSet should be omitted if specifying rulesToMerge or rulesToRemove"});
  if (changes_rules) {
    input.rules = registry::merge(stored.rules, request.merge);
    if (input.rules) remove_rules(*input.rules, request.remove);
  }
  return input;
}

Task<Outcome> with_tags_found(RegistryService& registry, Call call, registry::SchemaObject schema) {
  schema.tags = co_await found_in(registry, call, schema.type, schema.text);
  co_return co_await show(registry, call, std::move(schema),
                          [](const auto& shown) { return registry::to_json(shown); });
}

Task<Outcome> with_tags_found(RegistryService& registry, Call call, registry::SchemaById schema) {
  schema.schema.tags = co_await found_in(registry, call, schema.schema.type, schema.schema.text);
  co_return co_await show(registry, call, std::move(schema),
                          [](const auto& shown) { return registry::to_json(shown); });
}

}  // namespace thalweg::schema_registry
