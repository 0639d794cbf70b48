// What a key or a value means: the format that is asked for, or the first that fits, with the reason. A reader that
// fails is named in the flaw, and the bytes are shown all the same.
//
// With no wish, in this order: nothing; Confluent's wire format, where the registry has the schema; JSON; text; for
// keys int32, int64 and UUID by their length; hexadecimal.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "decode/decoded.h"
#include "schema/schema.h"

namespace thalweg::decode {

enum class Side : std::uint8_t { kKey, kValue };

// Beyond this many bytes no schema is applied: the fields of what is read take several times as much memory.
inline constexpr std::size_t kStructuredMax = 4u << 20;

// The id behind the 0 of Confluent's wire format. It may be there by chance: only a registry knows.
std::optional<std::int32_t> schema_id(BytesView bytes);

// What a registry said of an id: a schema, or why there is none.
struct SchemaOf {
  std::int32_t id = 0;
  schema::ParsedSchemaPtr schema;
  std::string problem;  // where there is none
};

struct Question {
  std::optional<BytesView> bytes;
  Side side = Side::kValue;
  std::optional<Format> wish;
  std::optional<SchemaOf> schema;  // of schema_id(bytes), where a registry was asked
  std::size_t text_max = 1u << 20;
};

Decoded decode(const Question& question);

// What bytes that name the schema say by it, as JSON in whole. Nothing: they do not fit it, or it is more than
// `text_max` bytes.
std::optional<std::string> json_by_schema(BytesView bytes, const SchemaOf& schema, std::size_t text_max);

}  // namespace thalweg::decode
