// What a walk over two JSON Schemas finds.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/difference.h"
#include "schema/json_schema/model.h"

namespace thalweg::schema::json_schema {

// A change, and where it is, seen from the pair that was compared: "" or "properties/a".
struct Change {
  std::string_view type;  // one of Confluent's names, a literal
  std::string path;
};
using Changes = std::vector<Change>;

void add(Changes& all, std::string_view type, std::string_view path = "");
// What was found below `prefix`; no more than kDifferencesMax in all.
void merge(Changes& all, const Changes& more, std::string_view prefix = "");

// Whether what fitted before still fits after a change of this type.
bool is_compatible(std::string_view type, Policy policy);

// What was found of pairs of nodes.
using Pair = std::pair<const Node*, const Node*>;
struct PairHash {
  std::size_t operator()(const Pair& p) const {
    return std::hash<const Node*>()(p.first) * 31 + std::hash<const Node*>()(p.second);
  }
};
using Known = std::unordered_map<Pair, Changes, PairHash>;

// Behind a $ref.
inline const Node& meant(const Node& node) { return node.is_reference ? *node.target : node; }
inline bool is_anything(const Node* node) { return meant(*node).kind == Kind::kAnything; }
inline bool is_nothing(const Node* node) { return meant(*node).kind == Kind::kNothing; }

}  // namespace thalweg::schema::json_schema
