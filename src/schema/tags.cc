#include "schema/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "json/parser.h"
#include "json/writer.h"
#include "schema/limits.h"

namespace thalweg::schema {
namespace {

using json::Object;
using json::Value;

constexpr std::string_view kTags = "confluent:tags";

// Called for everything that can have tags, in the order of the text; false ends the walk.
using Visit = std::function<bool(const std::string& path, bool is_field, Object& object)>;

const std::string* text_in(const Value& object, std::string_view key) {
  const auto* member = object.find(key);
  return member ? member->if_string() : nullptr;
}
Value* member_of(Object& object, std::string_view key) { return object.find(key); }

// ------------------------------------------------------------------------------------------------ Avro

std::string full_name(const Value& record, const std::string& space) {
  const auto* name = text_in(record, "name");
  if (!name || name->contains('.')) return name ? *name : "";
  const auto* own = text_in(record, "namespace");
  const std::string& in = own ? *own : space;
  return in.empty() ? *name : in + "." + *name;
}

bool walk_avro(Value& value, const std::string& space, const Visit& visit);

bool walk_record(Value& record, const std::string& space, const Visit& visit) {
  const std::string name = full_name(record, space);
  if (!visit(name, false, *record.if_object())) return false;
  const auto dot = name.rfind('.');
  const std::string within = dot == std::string::npos ? "" : name.substr(0, dot);
  auto* fields = member_of(*record.if_object(), "fields");
  if (!fields || !fields->if_array()) return true;
  for (auto& field : *fields->if_array()) {
    const auto* called = text_in(field, "name");
    if (!called) continue;
    if (!visit(name + "." + *called, true, *field.if_object())) return false;
    if (auto* type = member_of(*field.if_object(), "type"); type && !walk_avro(*type, within, visit)) return false;
  }
  return true;
}

bool walk_avro(Value& value, const std::string& space, const Visit& visit) {
  if (auto* branches = value.if_array())
    return std::ranges::all_of(*branches, [&](Value& branch) { return walk_avro(branch, space, visit); });
  auto* object = value.if_object();
  if (!object) return true;
  const auto* type = text_in(value, "type");
  if (type && (*type == "record" || *type == "error")) return walk_record(value, space, visit);
  for (const auto* key : {"type", "items", "values"})
    if (auto* inner = member_of(*object, key); inner && !walk_avro(*inner, space, visit)) return false;
  return true;
}

// ------------------------------------------------------------------------------------------------ JSON Schema

bool has_type(const Value& schema, std::string_view wanted) {
  const auto* type = schema.find("type");
  if (!type) return false;
  if (const auto* one = type->if_string()) return *one == wanted;
  const auto* several = type->if_array();
  return several && std::ranges::any_of(
                        *several, [&](const Value& each) { return each.if_string() && *each.if_string() == wanted; });
}

bool walk_json(Value& schema, const std::string& scope, bool is_property, const Visit& visit);

// Each member of an object of schemas.
bool walk_named(Value* schemas, const std::string& scope, const Visit& visit) {
  if (!schemas || !schemas->if_object()) return true;
  return std::ranges::all_of(schemas->if_object()->members(), [&](json::Member& each) {
    return walk_json(each.value, scope + each.key + ".", false, visit);
  });
}

bool walk_object(Value& schema, const std::string& scope, bool is_property, const Visit& visit) {
  Object& object = *schema.if_object();
  const std::string name = scope + "object";
  if (!is_property && !visit(name, false, object)) return false;
  auto* properties = member_of(object, "properties");
  if (properties && properties->if_object())
    for (auto& property : properties->if_object()->members()) {
      const std::string path = name + "." + property.key;
      auto* its = property.value.if_object();
      if (its && (!visit(path, true, *its) || !walk_json(property.value, path + ".", true, visit))) return false;
    }
  return walk_named(member_of(object, "definitions"), name + ".definitions.", visit) &&
         walk_named(member_of(object, "$defs"), name + ".$defs.", visit);
}

bool walk_combined(Object& object, const std::string& scope, const Visit& visit) {
  constexpr std::pair<std::string_view, std::string_view> kCriteria[] = {
      {"allOf", "allof."}, {"anyOf", "anyof."}, {"oneOf", "oneof."}};
  for (const auto& [key, criterion] : kCriteria) {
    auto* all = member_of(object, key);
    if (!all || !all->if_array()) continue;
    std::size_t number = 0;
    for (auto& each : *all->if_array())
      if (!walk_json(each, fmt::format("{}{}{}.", scope, criterion, number++), false, visit)) return false;
  }
  for (const auto* key : {"if", "then", "else"})
    if (auto* one = member_of(object, key); one && !walk_json(*one, scope + "conditional." + key + ".", false, visit))
      return false;
  auto* refused = member_of(object, "not");
  return !refused || walk_json(*refused, scope + "not.", false, visit);
}

bool walk_json(Value& schema, const std::string& scope, bool is_property, const Visit& visit) {
  auto* object = schema.if_object();
  if (!object) return true;
  if ((has_type(schema, "object") || object->find("properties")) && !walk_object(schema, scope, is_property, visit))
    return false;
  if (auto* items = member_of(*object, "items"); items && !walk_json(*items, scope + "array.", false, visit))
    return false;
  return walk_combined(*object, scope, visit);
}

// ------------------------------------------------------------------------------------------------ both

bool walk(Type type, Value& tree, const Visit& visit) {
  return type == Type::kAvro ? walk_avro(tree, "", visit) : walk_json(tree, "", false, visit);
}

Result<Value> read(std::string_view text) { return json::parse(text, {.bytes = kTextMax, .duplicates = true}); }

std::vector<std::string> tags_of(const Object& object) {
  std::vector<std::string> tags;
  const auto* member = object.find(kTags);
  if (!member || !member->if_array()) return tags;
  for (const auto& tag : *member->if_array())
    if (const auto* text = tag.if_string(); text && std::ranges::find(tags, *text) == tags.end()) tags.push_back(*text);
  return tags;
}

void set_tags(Object& object, const std::vector<std::string>& tags) {
  if (tags.empty())
    object.erase(kTags);
  else
    object.set(kTags, json::Array(tags.begin(), tags.end()));
}

std::string normal(const std::string& path) { return path.starts_with('.') ? path.substr(1) : path; }

Result<> change_one(Type type, Value& tree, const EntityTags& change, bool adds) {
  const std::string wanted = normal(change.entity.path);
  bool found = false;
  walk(type, tree, [&](const std::string& path, bool is_field, Object& object) {
    if (path != wanted || is_field != change.entity.is_field) return true;
    auto tags = tags_of(object);
    for (const auto& tag : change.tags) {
      const auto at = std::ranges::find(tags, tag);
      if (adds && at == tags.end()) tags.push_back(tag);
      if (!adds && at != tags.end()) tags.erase(at);
    }
    set_tags(object, tags);
    found = true;
    return false;
  });
  if (found) return {};
  return fail(ErrorCode::kInvalidRequest, fmt::format("the schema has no {} '{}'",
                                                      change.entity.is_field ? "field" : "record", change.entity.path));
}

}  // namespace

Result<std::string> change_tags(Type type, std::string_view text, const TagChanges& changes) {
  if (type == Type::kProtobuf)
    return fail(ErrorCode::kInvalidRequest,
                "tags of a Protobuf schema are options in its text: change them there and register it");
  TRY(auto tree, read(text));
  for (const auto& change : changes.add) TRY_VOID(change_one(type, tree, change, true));
  for (const auto& change : changes.remove) TRY_VOID(change_one(type, tree, change, false));
  return json::write(tree);
}

std::vector<EntityTags> tags_in(Type type, std::string_view text) {
  std::vector<EntityTags> found;
  auto tree = type == Type::kProtobuf ? Result<Value>(fail(ErrorCode::kInvalidRequest, "")) : read(text);
  if (!tree) return found;
  walk(type, *tree, [&](const std::string& path, bool is_field, Object& object) {
    if (auto tags = tags_of(object); !tags.empty()) found.push_back({{path, is_field}, std::move(tags)});
    return true;
  });
  return found;
}

}  // namespace thalweg::schema
