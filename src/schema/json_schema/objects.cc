#include <algorithm>

#include "schema/json_schema/content_model.h"

namespace thalweg::schema::json_schema {
namespace {

constexpr Names kOfProperties{
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    {"additionalProperties", "ADDITIONAL_PROPERTIES_ADDED", "ADDITIONAL_PROPERTIES_REMOVED",
     "ADDITIONAL_PROPERTIES_NARROWED", "ADDITIONAL_PROPERTIES_EXTENDED"},
    {"unevaluatedProperties", "UNEVALUATED_PROPERTIES_ADDED", "UNEVALUATED_PROPERTIES_REMOVED",
     "UNEVALUATED_PROPERTIES_NARROWED", "UNEVALUATED_PROPERTIES_EXTENDED"}};
bool is_open(const ObjectDemand& object) {
  return object.patterns.empty() && is_open(static_cast<const ContentModel&>(object));
}
const Node* covering(Walk& walk, const ObjectDemand& object, std::string_view name) {
  if (!walk.take(object.patterns.size())) return nullptr;
  for (const auto& [pattern, schema] : object.patterns)
    if (pattern.finds(name)) return schema;
  return covering(object);
}

void required(const ObjectDemand& original, const ObjectDemand& update, Changes& all) {
  for (const auto& [name, schema] : original.properties) {
    const auto now = update.by_name.find(name);
    if (now == update.by_name.end()) continue;
    const bool was = original.required.contains(name), is = update.required.contains(name);
    const std::string path = "required/" + name;
    if (was && !is) add(all, "REQUIRED_ATTRIBUTE_REMOVED", path);
    if (!was && is)
      add(all, now->second->default_value ? "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED" : "REQUIRED_ATTRIBUTE_ADDED", path);
  }
}

void property_added(Walk& walk, const std::string& name, const Node* now, const ObjectDemand& original,
                    const ObjectDemand& update, Changes& all) {
  const std::string path = "properties/" + name;
  const bool required = update.required.contains(name), has_default = now->default_value != nullptr;
  if (is_open(original)) {
    if (is_anything(now)) return add(all, "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", path);
    if (!required) return add(all, "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", path);
    return add(all,
               has_default ? "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL"
                           : "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
               path);
  }
  if (const auto* was = covering(walk, original, name))
    covered(walk, path, was, now, kOfProperties.added_covered, kOfProperties.added_not_covered, all);
  add(all,
      !required     ? "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"
      : has_default ? "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL"
                    : "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
      path);
}

void dependencies(Walk& walk, const ObjectDemand& original, const ObjectDemand& update, Changes& all) {
  for (const auto& [name, was] : original.property_dependencies) {
    const std::string path = "dependencies/" + name;
    const auto now = update.property_dependencies.find(name);
    if (now == update.property_dependencies.end())
      add(all, "DEPENDENCY_ARRAY_REMOVED", path);
    else if (was != now->second)
      add(all,
          std::ranges::includes(now->second, was)   ? "DEPENDENCY_ARRAY_EXTENDED"
          : std::ranges::includes(was, now->second) ? "DEPENDENCY_ARRAY_NARROWED"
                                                    : "DEPENDENCY_ARRAY_CHANGED",
          path);
  }
  for (const auto& [name, now] : update.property_dependencies)
    if (!original.property_dependencies.contains(name)) add(all, "DEPENDENCY_ARRAY_ADDED", "dependencies/" + name);
  for (const auto& [name, was] : original.schema_dependencies) {
    const std::string path = "dependencies/" + name;
    if (const auto now = update.schema_dependencies.find(name); now != update.schema_dependencies.end())
      walk.compare_at(path, was, now->second, all);
    else
      add(all, "DEPENDENCY_SCHEMA_REMOVED", path);
  }
  for (const auto& [name, now] : update.schema_dependencies)
    if (!original.schema_dependencies.contains(name)) add(all, "DEPENDENCY_SCHEMA_ADDED", "dependencies/" + name);
}

}  // namespace

void objects(Walk& walk, const ObjectDemand& original, const ObjectDemand& update, Changes& all) {
  required(original, update, all);
  for (const auto& [name, schema] : original.properties) {
    const std::string path = "properties/" + name;
    if (const auto now = update.by_name.find(name); now != update.by_name.end()) {
      walk.compare_at(path, schema, now->second, all);
    } else {
      const bool open = is_open(update);
      removed(walk, path, schema, open, open ? nullptr : covering(walk, update, name), kOfProperties, all);
    }
    if (walk.gave_up()) return;
  }
  for (const auto& [name, schema] : update.properties)
    if (!original.by_name.contains(name)) property_added(walk, name, schema, original, update, all);
  dependencies(walk, original, update, all);
  models(walk, original, update, kOfProperties, all);
  count(original.max_properties, update.max_properties,
        {"maxProperties", "MAX_PROPERTIES_ADDED", "MAX_PROPERTIES_REMOVED", "MAX_PROPERTIES_INCREASED",
         "MAX_PROPERTIES_DECREASED"},
        all);
  count(original.min_properties, update.min_properties,
        {"minProperties", "MIN_PROPERTIES_ADDED", "MIN_PROPERTIES_REMOVED", "MIN_PROPERTIES_INCREASED",
         "MIN_PROPERTIES_DECREASED"},
        all);
}

}  // namespace thalweg::schema::json_schema
