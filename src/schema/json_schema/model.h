// A JSON Schema as a graph of what its keywords ask for. Drafts 4, 6, 7, 2019-09 and 2020-12 become one model: what a
// draft spells in another way is the same node. Several kinds of demand in one schema are an allOf of them. Source: the
// drafts at json-schema.org; the kinds of nodes are those that Confluent's comparison tells apart.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "schema/json_schema/pattern.h"
#include "schema/schema.h"

namespace thalweg::schema::json_schema {

enum class Kind {
  kAnything,  // true, {}
  kNothing,   // false
  kString,
  kNumber,
  kBoolean,
  kNull,
  kObject,
  kArray,
  kEnum,
  kConst,
  kNot,
  kConditional,
  kCombined,
};
enum class Criterion { kAll, kAny, kOne };
std::string_view name(Criterion criterion);

struct Node;

struct PatternProperty {
  Pattern pattern;
  const Node* schema = nullptr;
};

// What a property or an item has to fit that no schema of its own speaks of.
struct ContentModel {
  bool permits_additional = true;
  const Node* additional = nullptr;
  const Node* unevaluated = nullptr;
};

struct ObjectDemand : ContentModel {
  std::vector<std::pair<std::string, const Node*>> properties;  // in their order
  std::map<std::string, const Node*, std::less<>> by_name;
  std::set<std::string, std::less<>> required;
  std::vector<PatternProperty> patterns;
  std::map<std::string, std::set<std::string>> property_dependencies;
  std::map<std::string, const Node*> schema_dependencies;
  std::optional<std::int64_t> max_properties, min_properties;
};

struct ArrayDemand : ContentModel {
  const Node* all = nullptr;
  std::vector<const Node*> tuple;
  std::optional<std::int64_t> max_items, min_items, max_contains, min_contains;
  bool unique = false;
};

struct Node {
  Kind kind = Kind::kAnything;
  const Node* target = nullptr;  // of a $ref: what is meant
  bool is_reference = false;
  std::optional<std::string> id, title, description;
  const json::Value* default_value = nullptr;
  bool connect_bytes = false;  // "connect.type": "bytes"
  // String
  std::optional<std::int64_t> max_length, min_length;
  std::optional<std::string> pattern;
  // Number
  std::optional<json::Decimal> maximum, minimum, exclusive_maximum, exclusive_minimum, multiple_of;
  bool integer = false;
  std::unique_ptr<ObjectDemand> object;
  std::unique_ptr<ArrayDemand> array;
  const json::Array* values = nullptr;    // of an enum
  const json::Value* constant = nullptr;  // of a const
  const Node* inner = nullptr;            // of a not
  Criterion criterion = Criterion::kAll;
  std::vector<const Node*> parts;  // of a combination
  std::string text;                // of a part of a combination: equal texts are one part
};

struct Graph {
  std::deque<json::Value> documents;  // the schema first, then what it refers to; nodes point into them
  std::deque<Node> nodes;
  const Node* root = nullptr;
};

// REQUIRES: the text was parsed into documents[0] of a graph without nodes
Result<> read(Graph& graph, const std::vector<Dependency>& dependencies, Validation validation);

}  // namespace thalweg::schema::json_schema
