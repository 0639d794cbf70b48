// What makes two schemas differ, and whether the second can read what the first has written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.h"

namespace thalweg::schema {

struct Difference {
  std::string type;  // "READER_FIELD_MISSING_DEFAULT_VALUE", "PROPERTY_REMOVED", ...: Confluent's names
  std::string path;  // where: "/fields/0/type", "#/properties/a", "#/Message/1"
  std::string message;
  bool compatible = false;
  friend bool operator==(const Difference&, const Difference&) = default;
};

struct Comparison {
  std::vector<Difference> differences;  // in the order of the walk, at most kDifferencesMax
  // The comparison itself was not possible: too much work, an ambiguous alias. Counts as incompatible.
  std::optional<std::string> failure;
  bool compatible() const;
};

// How messages call the two: who reads, and whose data it reads.
struct Sides {
  std::string_view reader = "new";
  std::string_view writer = "old";
};

// JSON Schema only: LENIENT lets objects gain and lose properties as most people expect.
enum class Policy { kStrict, kLenient };

// Whether `update` can read what was written with `original`. Of AVRO only what is incompatible is told.
// REQUIRES: both are of one type
Comparison compare(const ParsedSchema& original, const ParsedSchema& update, Policy policy = Policy::kStrict,
                   const Sides& sides = {});

}  // namespace thalweg::schema
