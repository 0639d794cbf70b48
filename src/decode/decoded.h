// What bytes were read as, and the text of that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace thalweg::decode {

enum class Format : std::uint8_t {
  kNull,   // there are no bytes: of a value a tombstone
  kJson,   // as it was written
  kText,   // UTF-8
  kInt32,  // big-endian, as Kafka's serializers write it; the next ones too
  kInt64,
  kFloat,
  kDouble,
  kUuid,        // 16 bytes
  kHex,         // anything
  kAvro,        // Confluent's wire format: 0, the schema's id, the value
  kProtobuf,    // the same, with the message's place in the schema in between
  kJsonSchema,  // the same, with JSON behind the id
  kInternal,    // a record of one of Kafka's own topics
};
// "Avro", "JSON", "hexadecimal": for sentences.
std::string_view name(Format format);

// Which reader could not go on, where in the bytes it was given if it knows, and why.
struct Flaw {
  Format format = Format::kHex;
  std::optional<std::size_t> at;
  std::string message;
};

struct Decoded {
  Format format = Format::kHex;
  std::string text;      // UTF-8 whatever the bytes are
  bool is_json = false;  // `text` is JSON, or where `cut` its beginning
  bool cut = false;      // there is more
  std::string why;       // a sentence: why this format
  std::optional<Flaw> flaw;
};

}  // namespace thalweg::decode
