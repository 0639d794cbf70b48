#include "decode/decode.h"

#include <fmt/format.h>

#include "base/endian.h"
#include "decode/avro_reader.h"
#include "decode/plain.h"
#include "decode/protobuf_reader.h"
#include "schema/avro/avro_schema.h"

namespace thalweg::decode {
namespace {

constexpr std::size_t kWirePrefix = 5;  // the 0 and the id

Decoded nothing_there(Side side) {
  return {.format = Format::kNull,
          .text = {},
          .why = side == Side::kKey ? "There is no key." : "A tombstone: there is no value.",
          .flaw = {}};
}

Format format_of(schema::Type type) {
  switch (type) {
    case schema::Type::kAvro:
      return Format::kAvro;
    case schema::Type::kProtobuf:
      return Format::kProtobuf;
    case schema::Type::kJson:
      return Format::kJsonSchema;
  }
  return Format::kHex;
}

Reading read_by(const schema::ParsedSchema& schema, BytesView body, std::size_t text_max) {
  switch (schema.type()) {
    case schema::Type::kAvro:
      return read_avro(*static_cast<const schema::avro::AvroSchema&>(schema).graph().root, body, text_max);
    case schema::Type::kProtobuf:
      return read_protobuf(static_cast<const schema::protobuf::ProtobufSchema&>(schema).files(), body, text_max);
    case schema::Type::kJson: {
      auto read = read_json(body, text_max);
      if (read)
        read->format = Format::kJsonSchema;
      else
        read.error().format = Format::kJsonSchema;
      return read;
    }
  }
  return std::unexpected(Flaw{Format::kHex, std::nullopt, "a schema of a language that is not known"});
}

// By the schema whose id the bytes begin with. `expected`: of this language, or of any.
Reading read_with_schema(const Question& question, std::optional<Format> expected) {
  const BytesView bytes = *question.bytes;
  const Format format = expected.value_or(Format::kHex);
  if (!schema_id(bytes))
    return std::unexpected(Flaw{format, 0, "it does not begin with 0 and the id of a schema in four bytes"});
  if (!question.schema || !question.schema->schema)
    return std::unexpected(
        Flaw{format, 1, question.schema ? question.schema->problem : "the schema registry was not asked"});
  const auto& schema = *question.schema->schema;
  const Format written = format_of(schema.type());
  if (expected && *expected != written)
    return std::unexpected(Flaw{format, 1, fmt::format("schema {} is of {}", question.schema->id, name(written))});
  if (bytes.size() > kStructuredMax)
    return std::unexpected(
        Flaw{written, std::nullopt, fmt::format("more than {} MiB are not read by a schema", kStructuredMax >> 20)});
  auto read = read_by(schema, bytes.subspan(kWirePrefix), question.text_max);
  if (read) read->why = fmt::format("It begins with 0 and {}, the id of a schema.", question.schema->id);
  // Places count from the first byte of what is shown.
  if (read && read->flaw && read->flaw->at) *read->flaw->at += kWirePrefix;
  if (!read && read.error().at) *read.error().at += kWirePrefix;
  return read;
}

Reading read_as(Format format, const Question& question) {
  const BytesView bytes = *question.bytes;
  switch (format) {
    case Format::kJson:
      return read_json(bytes, question.text_max);
    case Format::kText:
      return read_text(bytes, question.text_max);
    case Format::kInt32:
    case Format::kInt64:
    case Format::kFloat:
    case Format::kDouble:
      return read_number(format, bytes);
    case Format::kUuid:
      return read_uuid(bytes);
    case Format::kAvro:
    case Format::kProtobuf:
    case Format::kJsonSchema:
      return read_with_schema(question, format);
    case Format::kNull:
    case Format::kHex:
    case Format::kInternal:
      break;
  }
  return read_hex(bytes, question.text_max);
}

std::optional<Format> key_by_length(std::size_t size) {
  switch (size) {
    case 4:
      return Format::kInt32;
    case 8:
      return Format::kInt64;
    case 16:
      return Format::kUuid;
    default:
      return std::nullopt;
  }
}

Decoded because(Decoded decoded, std::string why) {
  if (decoded.why.empty()) decoded.why = std::move(why);
  return decoded;
}

// The first that fits of those that need no schema.
Decoded choose_plain(const Question& question) {
  const BytesView bytes = *question.bytes;
  if (bytes.empty()) return because(read_text(bytes, question.text_max), "It is there, and has no bytes.");
  if (auto json = read_json(bytes, question.text_max)) return because(*std::move(json), "It is JSON.");
  if (is_plain_text(bytes))
    return because(read_text(bytes, question.text_max), "It is UTF-8 without control characters.");
  const auto by_length = key_by_length(bytes.size());
  if (question.side == Side::kKey && by_length)
    return because(*read_as(*by_length, question), fmt::format("It is no text, and a key of {} bytes.", bytes.size()));
  return because(read_hex(bytes, question.text_max), "It is neither JSON nor text.");
}

}  // namespace

std::optional<std::int32_t> schema_id(BytesView bytes) {
  if (bytes.size() < kWirePrefix || bytes[0] != std::byte{0}) return std::nullopt;
  const auto id = load_be<std::int32_t>(bytes.data() + 1);
  return id > 0 ? std::optional(id) : std::nullopt;
}

Decoded decode(const Question& question) {
  if (!question.bytes) return nothing_there(question.side);
  const BytesView bytes = *question.bytes;
  if (question.wish) {
    auto read = read_as(*question.wish, question);
    if (read) return because(*std::move(read), "It was asked for.");
    Decoded out = because(read_hex(bytes, question.text_max), fmt::format("It is no {}.", name(*question.wish)));
    out.flaw = std::move(read.error());
    return out;
  }
  if (!question.schema) return choose_plain(question);
  auto read = read_with_schema(question, std::nullopt);
  if (read) return *std::move(read);
  Decoded out = choose_plain(question);
  // By chance a binary value may begin so; but who has a registry wants to know.
  if (question.schema->schema || out.format == Format::kHex) out.flaw = std::move(read.error());
  return out;
}

std::optional<std::string> json_by_schema(BytesView bytes, const SchemaOf& schema, std::size_t text_max) {
  auto read = read_with_schema({.bytes = bytes, .wish = {}, .schema = schema, .text_max = text_max}, std::nullopt);
  if (!read || read->flaw || read->cut || !read->is_json) return std::nullopt;
  return std::move(read->text);
}

}  // namespace thalweg::decode
