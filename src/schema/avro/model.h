// An Avro schema as a graph: named types are one node however often they are named, so a recursive schema is a cycle.
// Source: the Avro specification 1.11/1.12, "Schema Declaration".
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "schema/schema.h"

namespace thalweg::schema::avro {

enum class Kind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kRecord,
  kEnum,
  kFixed,
  kArray,
  kMap,
  kUnion
};
// "null", "record", ...
std::string_view name(Kind kind);
inline bool is_primitive(Kind kind) { return kind <= Kind::kString; }
inline bool is_named(Kind kind) { return kind >= Kind::kRecord && kind <= Kind::kFixed; }

struct Name {
  std::string space;  // empty: none
  std::string name;

  // `text` may hold its own namespace, before its last dot.
  static Name of(std::string_view text, std::string_view enclosing);
  std::string full() const { return space.empty() ? name : space + "." + name; }
  // As it is written where `enclosing` is the namespace.
  std::string within(std::string_view enclosing) const;
  friend bool operator==(const Name&, const Name&) = default;
};

struct Node;

enum class Order { kAscending, kDescending, kIgnore };

struct Field {
  std::string name;
  const Node* type = nullptr;
  std::optional<std::string> doc;
  std::optional<json::Value> default_value;
  Order order = Order::kAscending;
  std::vector<std::string> aliases;
  json::Object properties;  // what the specification does not know, logical types among them
};

struct Node {
  Kind kind = Kind::kNull;
  bool is_error = false;  // a record that is spelled "error"
  Name name;              // of named types
  std::optional<std::string> doc;
  std::vector<Name> aliases;
  std::vector<Field> fields;  // of a record
  std::map<std::string, std::size_t, std::less<>> field_index;
  std::vector<std::string> symbols;           // of an enum
  std::optional<std::string> default_symbol;  // of an enum
  std::int32_t size = 0;                      // of a fixed
  std::vector<const Node*> branches;          // of a union; of array and map the one of their elements
  json::Object properties;
  bool external = false;  // defined by a schema that this one refers to
};

struct Graph {
  std::deque<Node> nodes;  // where they lie does not change
  const Node* root = nullptr;
};

// The graph of `text`, whose nodes outlive it.
Result<Graph> parse(std::string_view text, const std::vector<Dependency>& dependencies, Validation validation);

// As Avro's Java library prints a schema, which is how Confluent stores it: types that are `external` by their names,
// unless everything is asked for.
enum class Externals { kByName, kWrittenOut };
Result<std::string> print(const Graph& graph, Externals externals);
// The same with the order of what has none taken away: properties and aliases sorted.
Result<std::string> print_normalized(const Graph& graph);

// Parsing Canonical Form, as the specification defines it.
Result<std::string> canonical_form(const Graph& graph);

}  // namespace thalweg::schema::avro
