// Any bytes, by every format and by schemas of every language: no crash, no byte read outside, a text that is UTF-8 and
// no longer than asked for, and JSON where that is said.
#include <cstdint>

#include "base/check.h"
#include "base/utf8.h"
#include "decode/decode.h"
#include "decode/internal_topics.h"
#include "json/parser.h"

using namespace thalweg;
using namespace thalweg::decode;

namespace {

constexpr std::string_view kAvroText = R"({"type":"record","name":"R","fields":[
  {"name":"a","type":"long"},{"name":"b","type":["null","string","R"]},{"name":"c","type":{"type":"array","items":"bytes"}},
  {"name":"d","type":{"type":"map","values":{"type":"enum","name":"E","symbols":["X","Y"]}}},
  {"name":"e","type":{"type":"array","items":"null"}},{"name":"f","type":["double","float","boolean"]}]})";
constexpr std::string_view kProtoText = R"(syntax = "proto2"; import "google/protobuf/struct.proto";
message M { optional int64 a = 1; optional string b = 2; repeated M c = 3; map<int32, M> d = 4; repeated E e = 5;
  optional group G = 6 { optional float f = 1; } optional google.protobuf.Value v = 7; enum E { X = 0; } })";

schema::ParsedSchemaPtr parsed(schema::Type type, std::string_view text) {
  const auto made = schema::parse(type, text);
  CHECK(made);
  return *made;
}

void check(const Decoded& decoded, std::size_t text_max) {
  CHECK(decoded.text.size() <= text_max + 4);
  CHECK(is_utf8(decoded.text));
  if (decoded.is_json && !decoded.cut && decoded.text.size() < 1000)
    CHECK(json::parse(decoded.text, {.depth = 1000, .duplicates = true}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const schema::ParsedSchemaPtr kSchemas[] = {parsed(schema::Type::kAvro, kAvroText),
                                                     parsed(schema::Type::kProtobuf, kProtoText),
                                                     parsed(schema::Type::kJson, "{}")};
  if (size < 2) return 0;
  const std::size_t text_max = 64 + data[0] * 16u;
  const BytesView bytes = std::as_bytes(std::span(data + 2, size - 2));
  const auto side = data[1] % 2 ? Side::kKey : Side::kValue;
  for (int format = 0; format <= int(Format::kInternal); ++format)
    check(decode::decode({.bytes = bytes, .side = side, .wish = Format(format), .schema = {}, .text_max = text_max}),
          text_max);
  std::string framed("\0\0\0\0\1", 5);
  framed += as_text(bytes);
  for (const auto& schema : kSchemas)
    check(decode::decode({.bytes = as_bytes(framed),
                          .side = side,
                          .wish = {},
                          .schema = SchemaOf{1, schema, {}},
                          .text_max = text_max}),
          text_max);
  check(decode::decode({.bytes = bytes, .side = side, .wish = {}, .schema = {}, .text_max = text_max}), text_max);
  const std::size_t half = bytes.size() / 2;
  if (const auto record = read_internal("__consumer_offsets", {bytes.first(half), bytes.subspan(half)}, text_max)) {
    check(record->key, text_max);
    check(record->value, text_max);
  }
  return 0;
}
