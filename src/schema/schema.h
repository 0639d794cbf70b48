// Schemas in three languages behind one interface: parsed, printed as a registry stores them, compared.
//
// Pure: a text and the texts it refers to go in, an immutable ParsedSchema comes out, which any number of holders
// share. What strangers wrote is bounded (limits.h): bytes, depth, work. Where a bound is met there is an error with a
// message.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thalweg::schema {

enum class Type { kAvro, kJson, kProtobuf };

// "AVRO", "JSON", "PROTOBUF".
std::string_view name(Type type);
std::optional<Type> type_named(std::string_view name);

// How a schema names another one in the registry. `version` -1 is the latest.
struct Reference {
  std::string name;  // as the text names it: a full name, the URI of a $ref, the path of an import
  std::string subject;
  std::int32_t version = 0;
  friend auto operator<=>(const Reference&, const Reference&) = default;
};

// A schema that the text refers to, found already. Those that it needs itself come before it.
struct Dependency {
  std::string name;
  std::string text;
  std::string subject;  // with the version: which one it is, for those who compare; may be empty
  std::int32_t version = 0;
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

// What is asked of a text. What is stored already is read more leniently than what is new, for it was good enough once.
enum class Validation { kNew, kStored };

class ParsedSchema {
 public:
  ParsedSchema(Type type, std::string text) : type_(type), text_(std::move(text)) {}
  virtual ~ParsedSchema() = default;
  ParsedSchema(const ParsedSchema&) = delete;

  Type type() const { return type_; }
  // As the registry stores and returns it: the posted text reprinted.
  const std::string& text() const { return text_; }
  // The text with all order removed that has no meaning.
  virtual Result<std::string> normalized() const = 0;
  // The text with everything it refers to written out, where the language can say that; else text().
  virtual Result<std::string> resolved() const { return text_; }
  // "resolved" for AVRO; "serialized" and "ignore_extensions" for PROTOBUF. Other names, also of the future, give
  // text().
  virtual Result<std::string> formatted(std::string_view format) const { return text_; }
  // Of the record or first message; empty when there is none.
  virtual std::string full_name() const { return {}; }
  virtual bool has_top_level_field(std::string_view name) const = 0;
  // About what it takes in memory, for a cache with a bound.
  virtual std::size_t memory_bytes() const = 0;

 private:
  const Type type_;
  const std::string text_;
};

using ParsedSchemaPtr = std::shared_ptr<const ParsedSchema>;

// kInvalidRequest with what is wrong, for the one who wrote it.
Result<ParsedSchemaPtr> parse(Type type, std::string_view text, const std::vector<Dependency>& dependencies = {},
                              Validation validation = Validation::kNew);

}  // namespace thalweg::schema
