#include "json/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/number.h"
#include "json/writer.h"
#include "schema/avro/defaults.h"
#include "schema/avro/model.h"
#include "schema/limits.h"

namespace thalweg::schema::avro {
namespace {

using json::Object;
using json::Value;

constexpr std::size_t kShown = 200;  // of a text within a message

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kInvalidRequest, std::move(message)); }

std::string shown(const Value& value) {
  std::string text = json::write(value);
  if (text.size() <= kShown) return text;
  text.resize(kShown);
  while (!text.empty() && (text.back() & 0xc0) == 0x80) text.pop_back();
  if (!text.empty() && (text.back() & 0x80)) text.pop_back();
  return text + "...";
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::unexpected<Error> no_name(std::string_view text) {
  return bad(fmt::format("\"{}\" is no name: letters, digits and _ make one, and no digit comes first", text));
}

constexpr std::array<std::string_view, 10> kSchemaWords = {"doc",  "fields",  "items",  "name", "namespace",
                                                           "size", "symbols", "values", "type", "aliases"};
constexpr std::array<std::string_view, 6> kFieldWords = {"default", "doc", "name", "order", "type", "aliases"};

// What of the members are not words of the specification.
template <class Words>
Object others(const Object& object, const Words& words, std::string_view also = {}) {
  Object rest;
  for (const auto& member : object.members())
    if (std::ranges::find(words, member.key) == words.end() && (also.empty() || member.key != also))
      rest.add(member.key, member.value);
  return rest;
}

class Parser {
 public:
  Parser(Graph& graph, Validation validation) : graph_(graph), validation_(validation) {}

  Result<const Node*> read_text(std::string_view text, bool external) {
    external_ = external;
    if (text.empty()) return bad("the schema is empty");
    auto value = json::parse(text, {.bytes = kTextMax, .depth = kDepthMax, .duplicates = true});
    // A bare name is a schema too, as clients of old send it.
    if (!value && is_name(text)) value = Value(text);
    if (!value) return bad("not JSON: " + value.error().message);
    return read(*value, "");
  }

 private:
  using NodeResult = Result<const Node*>;

  Node& add(Kind kind) {
    auto& node = graph_.nodes.emplace_back();
    node.kind = kind;
    node.external = external_;
    return node;
  }

  static std::optional<Kind> primitive(std::string_view text) {
    for (auto kind = Kind::kNull; kind <= Kind::kString; kind = static_cast<Kind>(static_cast<int>(kind) + 1))
      if (name(kind) == text) return kind;
    return std::nullopt;
  }

  NodeResult named(std::string_view text, std::string_view space) {
    if (const auto kind = primitive(text)) {
      auto& shared = primitives_[static_cast<std::size_t>(*kind)];
      if (!shared) shared = &add(*kind);
      return shared;
    }
    if (auto at = names_.find(Name::of(text, space).full()); at != names_.end()) return at->second;
    if (auto at = names_.find(text); at != names_.end()) return at->second;
    return bad(fmt::format("\"{}\" is not defined so far, nor in a reference", Name::of(text, space).full()));
  }

  // Recursion is as deep as the JSON.
  NodeResult read(const Value& value, std::string_view space) {
    if (const auto* text = value.if_string()) return named(*text, space);
    if (const auto* array = value.if_array()) return read_union(*array, space);
    const auto* object = value.if_object();
    if (!object) return bad(fmt::format("a schema is a name, an object or an array, not {}", shown(value)));
    TRY(const auto type, text_of(*object, "type", "a schema without a type"));
    if (const auto kind = primitive(type)) return read_primitive(*object, *kind, space);
    if (type == "record" || type == "error") return read_record(*object, type == "error", space);
    if (type == "enum") return read_enum(*object, space);
    if (type == "fixed") return read_fixed(*object, space);
    if (type == "array") return read_elements(*object, Kind::kArray, "items", space);
    if (type == "map") return read_elements(*object, Kind::kMap, "values", space);
    if (auto known = named(type, space)) return known;
    return bad(fmt::format("there is no type \"{}\"", type));
  }

  static Result<std::string> text_of(const Object& object, std::string_view key, std::string_view missing) {
    const auto* value = object.find(key);
    if (value && value->if_string()) return *value->if_string();
    return bad(fmt::format("{}: {}", missing, shown(Value(object))));
  }
  static std::optional<std::string> doc_of(const Object& object) {
    const auto* value = object.find("doc");
    return value && value->if_string() ? std::optional(*value->if_string()) : std::nullopt;
  }

  NodeResult read_primitive(const Object& object, Kind kind, std::string_view space) {
    auto properties = others(object, kSchemaWords);
    if (properties.empty()) return named(name(kind), space);
    auto& node = add(kind);
    node.properties = std::move(properties);
    return &node;
  }

  NodeResult read_elements(const Object& object, Kind kind, std::string_view key, std::string_view space) {
    const auto* elements = object.find(key);
    if (!elements)
      return bad(fmt::format("{} needs \"{}\": {}", kind == Kind::kArray ? "an array" : "a map", key, shown(object)));
    TRY(const auto* type, read(*elements, space));
    auto& node = add(kind);
    node.branches.push_back(type);
    node.properties = others(object, kSchemaWords);
    return &node;
  }

  NodeResult read_union(const json::Array& array, std::string_view space) {
    std::set<std::string> seen;
    std::vector<const Node*> branches;
    for (const auto& element : array) {
      TRY(const auto* branch, read(element, space));
      if (branch->kind == Kind::kUnion) return bad(fmt::format("a union is a branch of another: {}", shown(array)));
      auto id = is_named(branch->kind) ? branch->name.full() : std::string(name(branch->kind));
      if (!seen.insert(id).second) return bad(fmt::format("the union has {} twice", id));
      branches.push_back(branch);
    }
    auto& node = add(Kind::kUnion);
    node.branches = std::move(branches);
    return &node;
  }

  // A node for a named type, known by its name from now on.
  Result<Node*> define(const Object& object, Kind kind, std::string_view space) {
    TRY(const auto text, text_of(object, "name", "a type without a name"));
    std::string enclosing(space);
    if (const auto* own = object.find("namespace"); own && own->if_string()) enclosing = *own->if_string();
    const Name name = Name::of(text, enclosing);
    if (!is_name(name.name)) return no_name(name.name);
    if (name.space.empty() && primitive(name.name))
      return bad(fmt::format("\"{}\" is a type already: choose another name", name.name));
    if (names_.contains(name.full())) return bad(fmt::format("{} is defined twice", name.full()));
    auto& node = add(kind);
    node.name = name;
    node.doc = doc_of(object);
    TRY(auto aliases, aliases_of(object));
    for (const auto& alias : aliases) {
      auto other = Name::of(alias, name.space);
      if (std::ranges::find(node.aliases, other) == node.aliases.end()) node.aliases.push_back(std::move(other));
    }
    names_.emplace(name.full(), &node);
    return &node;
  }

  static Result<std::vector<std::string>> aliases_of(const Object& object) {
    std::vector<std::string> aliases;
    const auto* value = object.find("aliases");
    if (!value) return aliases;
    if (!value->if_array()) return bad(fmt::format("\"aliases\" is an array: {}", shown(Value(object))));
    std::set<std::string_view> seen;
    for (const auto& alias : *value->if_array()) {
      const auto* text = alias.if_string();
      if (!text) return bad(fmt::format("an alias is a text, not {}", shown(alias)));
      if (seen.insert(*text).second) aliases.push_back(*text);
    }
    return aliases;
  }

  NodeResult read_record(const Object& object, bool is_error, std::string_view space) {
    TRY(auto* node, define(object, Kind::kRecord, space));
    node->is_error = is_error;
    const auto* fields = object.find("fields");
    if (!fields || !fields->if_array()) return bad(fmt::format("a record needs \"fields\": {}", shown(Value(object))));
    node->fields.reserve(fields->if_array()->size());
    for (const auto& field : *fields->if_array()) TRY_VOID(read_field(field, *node));
    node->properties = others(object, kSchemaWords);
    return node;
  }

  Result<> read_field(const Value& value, Node& record) {
    const auto* object = value.if_object();
    if (!object) return bad(fmt::format("a field of {} is no object: {}", record.name.full(), shown(value)));
    Field field;
    TRY(field.name, text_of(*object, "name", "a field without a name"));
    if (!is_name(field.name)) return no_name(field.name);
    if (!record.field_index.emplace(field.name, record.fields.size()).second)
      return bad(fmt::format("{} has two fields named {}", record.name.full(), field.name));
    const auto* type = object->find("type");
    if (!type) return bad(fmt::format("a field without a type: {}", shown(value)));
    TRY(field.type, read(*type, record.name.space));
    field.doc = doc_of(*object);
    TRY(field.order, order_of(*object));
    TRY(field.aliases, aliases_of(*object));
    if (const auto* given = object->find("default")) field.default_value = read_default(*given, *field.type);
    if (validation_ == Validation::kNew && field.default_value) TRY_VOID(check_default(field, record, default_work_));
    field.properties = others(*object, kFieldWords);
    record.fields.push_back(std::move(field));
    return {};
  }

  // Numbers in quotes are numbers where the type is floating, as Java's library has it.
  static Value read_default(const Value& value, const Node& type) {
    const auto* text = value.if_string();
    const bool floating = type.kind == Kind::kFloat || type.kind == Kind::kDouble;
    if (!text || !floating || !parse_number<double>(*text)) return value;
    const auto number = json::parse(*text);
    return number ? *number : value;
  }

  static Result<Order> order_of(const Object& object) {
    const auto* value = object.find("order");
    if (!value) return Order::kAscending;
    std::string text = value->if_string() ? *value->if_string() : "";
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (text == "ascending") return Order::kAscending;
    if (text == "descending") return Order::kDescending;
    if (text == "ignore") return Order::kIgnore;
    return bad(fmt::format("not an order of fields: {}", shown(*value)));
  }

  NodeResult read_enum(const Object& object, std::string_view space) {
    TRY(auto* node, define(object, Kind::kEnum, space));
    const auto* symbols = object.find("symbols");
    if (!symbols || !symbols->if_array())
      return bad(fmt::format("an enum needs \"symbols\": {}", shown(Value(object))));
    std::set<std::string_view> seen;
    for (const auto& symbol : *symbols->if_array()) {
      const auto* text = symbol.if_string();
      if (!text || !is_name(*text)) return no_name(text ? *text : shown(symbol));
      if (!seen.insert(*text).second) return bad(fmt::format("the enum has the symbol {} twice", *text));
      node->symbols.push_back(*text);
    }
    if (const auto* given = object.find("default"); given && given->if_string()) {
      node->default_symbol = *given->if_string();
      if (!seen.contains(*node->default_symbol))
        return bad(
            fmt::format("the enum's default, {}, is none of its symbols: {}", *node->default_symbol, shown(*symbols)));
    }
    node->properties = others(object, kSchemaWords, "default");
    return node;
  }

  NodeResult read_fixed(const Object& object, std::string_view space) {
    TRY(auto* node, define(object, Kind::kFixed, space));
    const auto* size = object.find("size");
    const auto bytes = size && size->if_number() ? size->if_number()->as_int64() : std::nullopt;
    if (!bytes || *bytes < 0 || *bytes > std::numeric_limits<std::int32_t>::max())
      return bad(fmt::format("a fixed type needs \"size\", in bytes: {}", shown(Value(object))));
    node->size = static_cast<std::int32_t>(*bytes);
    node->properties = others(object, kSchemaWords);
    return node;
  }

  Graph& graph_;
  const Validation validation_;
  bool external_ = false;
  std::map<std::string, const Node*, std::less<>> names_;
  std::array<const Node*, 8> primitives_{};
  Work default_work_;
};

}  // namespace

Result<Graph> parse(std::string_view text, const std::vector<Dependency>& dependencies, Validation validation) {
  Graph graph;
  std::size_t bytes = text.size();
  for (const auto& dependency : dependencies) bytes += dependency.text.size();
  if (bytes > kTextMax)
    return bad(fmt::format("{} bytes of schema with all it refers to; at most {} are taken", bytes, kTextMax));
  Parser parser(graph, validation);
  for (const auto& dependency : dependencies) {
    auto read = parser.read_text(dependency.text, true);
    if (!read) return bad(fmt::format("in the reference {}: {}", dependency.name, read.error().message));
  }
  TRY(graph.root, parser.read_text(text, false));
  return graph;
}

}  // namespace thalweg::schema::avro
