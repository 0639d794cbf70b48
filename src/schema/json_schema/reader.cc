#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "json/parser.h"
#include "json/writer.h"
#include "schema/json_schema/model.h"
#include "schema/limits.h"

namespace thalweg::schema::json_schema {

std::string_view name(Criterion criterion) {
  return criterion == Criterion::kAll ? "allOf" : criterion == Criterion::kAny ? "anyOf" : "oneOf";
}

namespace {

using json::Object;
using json::Value;

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kInvalidRequest, std::move(message)); }

constexpr std::array<std::string_view, 10> kObjectWords = {"properties",           "required",
                                                           "minProperties",        "maxProperties",
                                                           "dependencies",         "patternProperties",
                                                           "additionalProperties", "dependentRequired",
                                                           "dependentSchemas",     "unevaluatedProperties"};
constexpr std::array<std::string_view, 8> kArrayWords = {
    "items", "additionalItems", "minItems", "maxItems", "uniqueItems", "prefixItems", "contains", "unevaluatedItems"};
constexpr std::array<std::string_view, 4> kStringWords = {"minLength", "maxLength", "pattern", "format"};
constexpr std::array<std::string_view, 5> kNumberWords = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                                                          "multipleOf"};

template <class Words>
bool has_any(const Object& object, const Words& words) {
  return std::ranges::any_of(object.members(), [&](const json::Member& member) {
    return std::ranges::find(words, member.key) != words.end();
  });
}

std::optional<std::string> text_of(const Object& object, std::string_view key) {
  const auto* value = object.find(key);
  return value && value->if_string() ? std::optional(*value->if_string()) : std::nullopt;
}
// Counts are whole numbers, and "3.0" is one.
std::optional<std::int64_t> count_of(const Object& object, std::string_view key) {
  const auto* value = object.find(key);
  if (!value || !value->if_number()) return std::nullopt;
  if (const auto exact = value->if_number()->as_int64()) return exact;
  const auto number = value->if_number()->as_double();
  return number && *number >= 0 && *number < 1e15 ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}
std::optional<json::Decimal> number_of(const Object& object, std::string_view key) {
  const auto* value = object.find(key);
  return value && value->if_number() ? std::optional(json::decimal(*value->if_number())) : std::nullopt;
}

// A URI without its fragment, and the fragment.
std::pair<std::string, std::string> split(std::string_view uri) {
  const auto hash = uri.find('#');
  if (hash == std::string_view::npos) return {std::string(uri), ""};
  return {std::string(uri.substr(0, hash)), std::string(uri.substr(hash + 1))};
}

// `reference` as seen from a document at `base`: as far as names in a registry go, not all of RFC 3986.
std::string resolved(const std::string& base, const std::string& reference) {
  if (reference.find(':') != std::string::npos || base.empty()) return reference;
  if (reference.starts_with('/')) {
    const auto host = base.find("://");
    const auto path = base.find('/', host == std::string::npos ? 0 : host + 3);
    return base.substr(0, path) + reference;
  }
  const auto slash = base.rfind('/');
  std::string rest = reference.starts_with("./") ? reference.substr(2) : reference;
  return slash == std::string::npos ? rest : base.substr(0, slash + 1) + rest;
}

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
      continue;
    }
    if (token[i] == '%' && i + 2 < token.size()) {
      const auto hex = token.substr(i + 1, 2);
      unsigned value = 0;
      if (std::from_chars(hex.data(), hex.data() + 2, value, 16).ptr == hex.data() + 2) {
        out += static_cast<char>(value);
        i += 2;
        continue;
      }
    }
    out += token[i];
  }
  return out;
}

const Value* at_pointer(const Value& document, std::string_view pointer) {
  const Value* value = &document;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    const auto token = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (const auto* array = value->if_array()) {
      const auto index = json::Number{token}.as_int64();
      if (!index || *index < 0 || *index >= static_cast<std::int64_t>(array->size())) return nullptr;
      value = &(*array)[static_cast<std::size_t>(*index)];
    } else {
      value = value->find(token);
    }
    if (!value) return nullptr;
  }
  return value;
}

class Reader {
 public:
  Reader(Graph& graph, Validation validation) : graph_(graph), validation_(validation) {}

  void add_document(const Value& document, const std::string& name) {
    const auto* object = document.if_object();
    std::string base = name;
    if (object)
      if (const auto id = id_of(*object)) base = split(*id).first;
    if (!name.empty()) documents_.try_emplace(name, &document);
    if (!base.empty()) documents_.try_emplace(base, &document);
    collect_ids(document, document, base, 0);
  }

  Result<> whole() {
    TRY(graph_.root, read(graph_.documents[0]));
    // What references lead to is read as it is met: a schema may lead to itself.
    while (!open_.empty()) {
      auto [node, place] = open_.back();
      open_.pop_back();
      TRY(node->target, read(*place));
    }
    for (auto& node : graph_.nodes) {
      std::size_t steps = 0;
      while (node.is_reference && node.target && node.target->is_reference) {
        if (++steps > graph_.nodes.size()) return bad("a $ref that leads to nothing but itself");
        node.target = node.target->target;
      }
      if (node.is_reference && !node.target) return bad("a $ref that leads to nothing");
    }
    return {};
  }

 private:
  using NodeResult = Result<const Node*>;

  static std::optional<std::string> id_of(const Object& object) {
    auto id = text_of(object, "$id");
    return id ? id : text_of(object, "id");
  }

  // Every place that can be named: by an id of its own, or by an anchor. Depth is that of the JSON.
  void collect_ids(const Value& value, const Value& document, const std::string& base, std::size_t depth) {
    std::string here = base;
    if (const auto* object = value.if_object()) {
      home_.try_emplace(&value, Home{&document, here});
      if (depth > 0) {
        if (const auto id = id_of(*object)) {
          const auto [uri, fragment] = split(*id);
          if (!uri.empty()) {
            here = resolved(base, uri);
            places_.try_emplace(here, &value);
          }
          if (!fragment.empty()) places_.try_emplace(here + "#" + fragment, &value);
        }
      }
      for (const auto key : {"$anchor", "$dynamicAnchor"})
        if (const auto anchor = text_of(*object, key)) places_.try_emplace(here + "#" + *anchor, &value);
      home_[&value] = Home{&document, here};
      for (const auto& member : object->members()) collect_ids(member.value, document, here, depth + 1);
    }
    if (const auto* array = value.if_array())
      for (const auto& element : *array) collect_ids(element, document, here, depth + 1);
  }

  const Value* find(const std::string& reference, const Value& from) const {
    const auto home = home_.find(&from);
    const std::string base = home == home_.end() ? "" : home->second.base;
    const auto [uri, fragment] = split(reference);
    const Value* document = home == home_.end() ? &graph_.documents[0] : home->second.document;
    std::string there = base;
    if (!uri.empty()) {
      document = nullptr;
      for (const auto& name : {uri, resolved(base, uri)}) {
        there = name;
        if (const auto at = documents_.find(name); at != documents_.end()) document = at->second;
        if (const auto at = places_.find(name); !document && at != places_.end()) document = at->second;
        if (document) break;
      }
      if (!document) return nullptr;
    }
    if (fragment.empty()) return document;
    if (fragment.starts_with('/')) {
      const auto* found = at_pointer(*document, fragment);
      // Within a schema that has an id of its own, a pointer begins there.
      if (const auto at = places_.find(base); !found && uri.empty() && at != places_.end())
        found = at_pointer(*at->second, fragment);
      return found;
    }
    const auto at = places_.find(there + "#" + fragment);
    return at == places_.end() ? nullptr : at->second;
  }

  Node& add(Kind kind) {
    auto& node = graph_.nodes.emplace_back();
    node.kind = kind;
    return node;
  }

  NodeResult read(const Value& value) {
    if (const auto known = read_.find(&value); known != read_.end()) return known->second;
    TRY(const auto* node, read_fresh(value));
    read_.emplace(&value, node);
    return node;
  }

  NodeResult read_fresh(const Value& value) {
    if (const auto* flag = value.if_bool()) return &add(*flag ? Kind::kAnything : Kind::kNothing);
    const auto* object = value.if_object();
    if (!object) return bad(fmt::format("a schema is an object, true or false, not {}", value.kind()));
    std::vector<Node*> parts;
    for (const auto key : {"$ref", "$dynamicRef", "$recursiveRef"})
      if (const auto reference = text_of(*object, key)) {
        TRY(auto* part, read_reference(*reference, value));
        // Up to draft 7 nothing else counts beside it; nor does what has no demands.
        parts.push_back(part);
        if (!is_2019_or_later()) return attributed(part, *object);
      }
    TRY_VOID(read_combinations(*object, parts));
    TRY_VOID(read_types(*object, parts));
    if (const auto* inner = object->find("not")) {
      auto& part = add(Kind::kNot);
      TRY(part.inner, read(*inner));
      parts.push_back(&part);
    }
    if (object->find("if") && (object->find("then") || object->find("else"))) parts.push_back(&add(Kind::kConditional));
    if (const auto* constant = object->find("const")) {
      auto& part = add(Kind::kConst);
      part.constant = constant;
      parts.push_back(&part);
    }
    if (const auto* values = object->find("enum")) {
      if (!values->if_array()) return bad("an enum is an array");
      auto& part = add(Kind::kEnum);
      part.values = values->if_array();
      parts.push_back(&part);
    }
    if (parts.empty()) return attributed(&add(Kind::kAnything), *object);
    if (parts.size() == 1) return attributed(parts[0], *object);
    auto& all = add(Kind::kCombined);
    for (std::size_t i = 0; i < parts.size(); ++i) all.parts.push_back(parts[i]), parts[i]->text = fmt::format("{}", i);
    return attributed(&all, *object);
  }

  bool is_2019_or_later() const { return is_draft("2019-09") || is_draft("2020-12"); }
  bool is_draft(std::string_view name) const {
    const auto draft =
        graph_.documents[0].if_object() ? text_of(*graph_.documents[0].if_object(), "$schema") : std::nullopt;
    return draft && draft->find(name) != std::string::npos;
  }

  Result<Node*> read_reference(const std::string& reference, const Value& from) {
    auto& node = add(Kind::kAnything);
    const auto* place = find(reference, from);
    if (!place) {
      const bool meta_schema = reference.find("json-schema.org/") != std::string::npos;
      if (!meta_schema && validation_ == Validation::kNew)
        return bad(fmt::format("the $ref \"{}\" leads to nothing", reference));
      return &node;  // of what others stored: anything
    }
    node.is_reference = true;
    open_.emplace_back(&node, place);
    return &node;
  }

  static const Node* attributed(Node* node, const Object& object) {
    node->id = id_of(object);
    node->title = text_of(object, "title");
    node->description = text_of(object, "description");
    node->default_value = object.find("default");
    node->connect_bytes = text_of(object, "connect.type") == "bytes";
    return node;
  }

  Result<> read_combinations(const Object& object, std::vector<Node*>& parts) {
    for (const auto criterion : {Criterion::kAll, Criterion::kAny, Criterion::kOne}) {
      const auto* list = object.find(name(criterion));
      if (!list) continue;
      if (!list->if_array()) return bad(fmt::format("{} is an array", name(criterion)));
      auto& part = add(Kind::kCombined);
      part.criterion = criterion;
      for (const auto& each : *list->if_array()) {
        TRY(const auto* inner, read(each));
        Value sorted = each;
        json::sort_members(sorted);
        const_cast<Node*>(inner)->text = json::write(sorted);
        part.parts.push_back(inner);
      }
      parts.push_back(&part);
    }
    return {};
  }

  Result<> read_types(const Object& object, std::vector<Node*>& parts) {
    const auto* type = object.find("type");
    if (!type) {
      // What its words are for is what it is about.
      if (has_any(object, kArrayWords)) TRY_VOID(read_type("array", object, parts));
      if (has_any(object, kObjectWords)) TRY_VOID(read_type("object", object, parts));
      if (has_any(object, kNumberWords)) TRY_VOID(read_type("number", object, parts));
      if (has_any(object, kStringWords)) TRY_VOID(read_type("string", object, parts));
      return {};
    }
    if (const auto* text = type->if_string()) return read_type(*text, object, parts);
    if (!type->if_array()) return bad("a type is a string or an array of them");
    auto& any = add(Kind::kCombined);
    any.criterion = Criterion::kAny;
    std::vector<Node*> each;
    for (const auto& one : *type->if_array()) {
      if (!one.if_string()) return bad("a type is a string or an array of them");
      TRY_VOID(read_type(*one.if_string(), object, each));
      each.back()->text = *one.if_string();
    }
    any.parts.assign(each.begin(), each.end());
    parts.push_back(&any);
    return {};
  }

  Result<> read_type(std::string_view type, const Object& object, std::vector<Node*>& parts) {
    if (type == "string") {
      auto& node = add(Kind::kString);
      node.max_length = count_of(object, "maxLength");
      node.min_length = count_of(object, "minLength");
      node.pattern = text_of(object, "pattern");
      parts.push_back(&node);
    } else if (type == "number" || type == "integer") {
      auto& node = add(Kind::kNumber);
      node.integer = type == "integer";
      node.maximum = number_of(object, "maximum");
      node.minimum = number_of(object, "minimum");
      node.exclusive_maximum = number_of(object, "exclusiveMaximum");
      node.exclusive_minimum = number_of(object, "exclusiveMinimum");
      node.multiple_of = number_of(object, "multipleOf");
      parts.push_back(&node);
    } else if (type == "boolean") {
      parts.push_back(&add(Kind::kBoolean));
    } else if (type == "null") {
      parts.push_back(&add(Kind::kNull));
    } else if (type == "object") {
      auto& node = add(Kind::kObject);
      TRY(node.object, read_object(object));
      parts.push_back(&node);
    } else if (type == "array") {
      auto& node = add(Kind::kArray);
      TRY(node.array, read_array(object));
      parts.push_back(&node);
    } else {
      return bad(fmt::format("\"{}\" is no type of JSON Schema", type));
    }
    return {};
  }

  // Members of a keyword that maps names to schemas.
  template <class Each>
  Result<> each_schema(const Object& object, std::string_view key, Each each) {
    const auto* map = object.find(key);
    if (!map) return {};
    if (!map->if_object()) return bad(fmt::format("{} is an object", key));
    for (const auto& member : map->if_object()->members()) TRY_VOID(each(member));
    return {};
  }
  // A keyword that is a schema, or true or false.
  Result<> additional(const Object& object, std::string_view key, bool& permits, const Node*& schema) {
    const auto* value = object.find(key);
    if (!value) return {};
    if (const auto* flag = value->if_bool()) {
      permits = *flag;
      return {};
    }
    TRY(schema, read(*value));
    return {};
  }
  Result<const Node*> optional_schema(const Object& object, std::string_view key) {
    const auto* value = object.find(key);
    if (!value) return nullptr;
    return read(*value);
  }
  static std::set<std::string> text_set(const Value& value) {
    std::set<std::string> texts;
    if (value.if_array())
      for (const auto& each : *value.if_array())
        if (each.if_string()) texts.insert(*each.if_string());
    return texts;
  }

  Result<std::unique_ptr<ObjectDemand>> read_object(const Object& object) {
    auto demand = std::make_unique<ObjectDemand>();
    TRY_VOID(each_schema(object, "properties", [&](const json::Member& member) -> Result<> {
      TRY(const auto* schema, read(member.value));
      if (demand->by_name.insert_or_assign(member.key, schema).second)
        demand->properties.emplace_back(member.key, schema);
      return {};
    }));
    if (const auto* required = object.find("required"))
      for (auto& each : text_set(*required)) demand->required.insert(each);
    TRY_VOID(each_schema(object, "patternProperties", [&](const json::Member& member) -> Result<> {
      TRY(const auto* schema, read(member.value));
      demand->patterns.push_back({Pattern(member.key), schema});
      if (validation_ == Validation::kNew && !demand->patterns.back().pattern.is_valid())
        return bad(fmt::format("\"{}\" is no regular expression, or too long a one", member.key.substr(0, 200)));
      return {};
    }));
    TRY_VOID(additional(object, "additionalProperties", demand->permits_additional, demand->additional));
    TRY(demand->unevaluated, optional_schema(object, "unevaluatedProperties"));
    const auto dependency = [&](const json::Member& member) -> Result<> {
      if (member.value.if_array()) {
        demand->property_dependencies[member.key] = text_set(member.value);
        return {};
      }
      TRY(demand->schema_dependencies[member.key], read(member.value));
      return {};
    };
    for (const auto key : {"dependencies", "dependentRequired", "dependentSchemas"})
      TRY_VOID(each_schema(object, key, dependency));
    demand->max_properties = count_of(object, "maxProperties");
    demand->min_properties = count_of(object, "minProperties");
    return demand;
  }

  Result<std::unique_ptr<ArrayDemand>> read_array(const Object& object) {
    auto demand = std::make_unique<ArrayDemand>();
    const auto* items = object.find("items");
    const auto* prefix = object.find("prefixItems");
    const auto* tuple = prefix ? prefix->if_array() : items ? items->if_array() : nullptr;
    if (tuple)
      for (const auto& each : *tuple) {
        TRY(demand->tuple.emplace_back(), read(each));
      }
    // What follows the tuple is "items" since 2020-12, and "additionalItems" before.
    const bool rest = items && items->if_bool() && is_draft("2020-12");
    if (prefix || rest) {
      TRY_VOID(additional(object, "items", demand->permits_additional, demand->additional));
    } else {
      if (items && !tuple) {
        TRY(demand->all, read(*items));
      }
      TRY_VOID(additional(object, "additionalItems", demand->permits_additional, demand->additional));
    }
    TRY(demand->unevaluated, optional_schema(object, "unevaluatedItems"));
    demand->max_items = count_of(object, "maxItems");
    demand->min_items = count_of(object, "minItems");
    demand->max_contains = count_of(object, "maxContains");
    demand->min_contains = count_of(object, "minContains");
    const auto* unique = object.find("uniqueItems");
    demand->unique = unique && unique->if_bool() && *unique->if_bool();
    return demand;
  }

  struct Home {
    const Value* document;
    std::string base;
  };
  Graph& graph_;
  const Validation validation_;
  std::map<std::string, const Value*> documents_, places_;  // by URI; places within documents
  std::unordered_map<const Value*, Home> home_;
  std::unordered_map<const Value*, const Node*> read_;
  std::vector<std::pair<Node*, const Value*>> open_;
};

}  // namespace

Result<> read(Graph& graph, const std::vector<Dependency>& dependencies, Validation validation) {
  Reader reader(graph, validation);
  reader.add_document(graph.documents[0], "");
  for (const auto& dependency : dependencies) {
    auto value = json::parse(dependency.text, {.bytes = kTextMax, .depth = kDepthMax, .duplicates = true});
    if (!value) return bad(fmt::format("in the reference {}: {}", dependency.name, value.error().message));
    reader.add_document(graph.documents.emplace_back(std::move(*value)), dependency.name);
  }
  return reader.whole();
}

}  // namespace thalweg::schema::json_schema
