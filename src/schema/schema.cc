#include "schema/schema.h"

#include <array>

#include "base/check.h"
#include "schema/avro/avro_schema.h"
#include "schema/avro/diff.h"
#include "schema/difference.h"
#include "schema/json_schema/json_schema.h"
#include "schema/protobuf/protobuf_schema.h"

namespace thalweg::schema {
namespace {
constexpr std::array<std::string_view, 3> kTypes = {"AVRO", "JSON", "PROTOBUF"};
}

std::string_view name(Type type) { return kTypes[static_cast<std::size_t>(type)]; }

std::optional<Type> type_named(std::string_view name) {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (kTypes[i] == name) return static_cast<Type>(i);
  return std::nullopt;
}

Result<ParsedSchemaPtr> parse(Type type, std::string_view text, const std::vector<Dependency>& dependencies,
                              Validation validation) {
  switch (type) {
    case Type::kAvro:
      return avro::AvroSchema::parse(text, dependencies, validation);
    case Type::kProtobuf:
      return protobuf::ProtobufSchema::parse(text, dependencies, validation);
    case Type::kJson:
      return json_schema::JsonSchema::parse(text, dependencies, validation);
  }
  return fail(ErrorCode::kInvalidRequest, "there is no such type of schema");
}

bool Comparison::compatible() const {
  if (failure) return false;
  for (const auto& difference : differences)
    if (!difference.compatible) return false;
  return true;
}

Comparison compare(const ParsedSchema& original, const ParsedSchema& update, Policy policy, const Sides& sides) {
  CHECK(original.type() == update.type());
  if (update.type() == Type::kJson)
    return json_schema::compare(static_cast<const json_schema::JsonSchema&>(original).graph(),
                                static_cast<const json_schema::JsonSchema&>(update).graph(), policy, sides);
  if (update.type() == Type::kProtobuf)
    return protobuf::compare(static_cast<const protobuf::ProtobufSchema&>(original).files(),
                             static_cast<const protobuf::ProtobufSchema&>(update).files(), sides);
  return avro::compare(static_cast<const avro::AvroSchema&>(update).graph(),
                       static_cast<const avro::AvroSchema&>(original).graph(), sides);
}

}  // namespace thalweg::schema
