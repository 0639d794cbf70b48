// Which format is chosen for which bytes, and that nothing of them is lost.
#include "decode/decode.h"

#include <gtest/gtest.h>

#include "decode/internal_topics.h"
#include "decode/plain.h"
#include "group/group_records.h"
#include "json/parser.h"

namespace thalweg::decode {
namespace {

using namespace std::string_literals;

Decoded of(std::string_view bytes, Side side = Side::kValue, std::optional<Format> wish = {},
           std::size_t text_max = 1 << 20) {
  return decode({.bytes = as_bytes(bytes), .side = side, .wish = wish, .schema = {}, .text_max = text_max});
}

TEST(Decode, TheFirstFormatThatFitsIsChosenAndSaysWhy) {
  struct Row {
    std::string bytes;
    Side side;
    Format format;
    std::string text;
  };
  const Row rows[] = {
      {"", Side::kValue, Format::kText, ""},
      {" {\"a\": 9223372036854775807}", Side::kValue, Format::kJson, " {\"a\": 9223372036854775807}"},
      {"[1.0, 1e2]", Side::kValue, Format::kJson, "[1.0, 1e2]"},
      {"{not json}", Side::kValue, Format::kText, "{not json}"},
      {"42", Side::kValue, Format::kText, "42"},
      {"größer\n", Side::kValue, Format::kText, "größer\n"},
      {"\0\0\0\x2a"s, Side::kKey, Format::kInt32, "42"},
      {"\0\0\0\x2a"s, Side::kValue, Format::kHex, "0000002a"},
      {"\x7f\xff\xff\xff\xff\xff\xff\xff"s, Side::kKey, Format::kInt64, "9223372036854775807"},
      {"\x80\0\0\0\0\0\0\0"s, Side::kKey, Format::kInt64, "-9223372036854775808"},
      {"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"s, Side::kKey, Format::kUuid,
       "01234567-89ab-cdef-0123-456789abcdef"},
      {"abcd", Side::kKey, Format::kText, "abcd"},
      {"\xff\xfe"s, Side::kValue, Format::kHex, "fffe"},
  };
  for (const auto& row : rows) {
    const auto decoded = of(row.bytes, row.side);
    EXPECT_EQ(decoded.format, row.format) << row.text;
    EXPECT_EQ(decoded.text, row.text);
    EXPECT_FALSE(decoded.why.empty()) << row.text;
    EXPECT_FALSE(decoded.cut) << row.text;
    EXPECT_FALSE(decoded.flaw) << row.text;
  }
}

TEST(Decode, NoBytesAreATombstoneOfAValueAndNoKey) {
  EXPECT_EQ(decode({.bytes = {}, .side = Side::kValue, .wish = {}, .schema = {}}).why,
            "A tombstone: there is no value.");
  EXPECT_EQ(decode({.bytes = {}, .side = Side::kKey, .wish = Format::kInt32, .schema = {}}).format, Format::kNull);
}

TEST(Decode, NumbersAreShownAsTheyAre) {
  EXPECT_EQ(of("\x3f\xc0\0\0"s, Side::kValue, Format::kFloat).text, "1.5");
  EXPECT_EQ(of("\x3f\xb9\x99\x99\x99\x99\x99\x9a"s, Side::kValue, Format::kDouble).text, "0.1");
  EXPECT_EQ(of("\x7f\xf8\0\0\0\0\0\0"s, Side::kValue, Format::kDouble).text, "NaN");
  const auto short_one = of("abc", Side::kValue, Format::kInt64);
  EXPECT_EQ(short_one.format, Format::kHex);
  EXPECT_EQ(short_one.text, "616263");
  ASSERT_TRUE(short_one.flaw);
  EXPECT_EQ(short_one.flaw->format, Format::kInt64);
  EXPECT_EQ(short_one.flaw->message, "int64 has 8 bytes, and these are 3");
}

TEST(Decode, TextThatIsNotUtf8LosesNoByte) {
  const auto text = of("a\xff\xc3\xa9\xc3"s, Side::kValue, Format::kText);
  EXPECT_EQ(text.text, "a\\xff\xc3\xa9\\xc3");
  ASSERT_TRUE(text.flaw);
  EXPECT_EQ(text.flaw->at, 1u);
}

TEST(Decode, LongTextsAreCutBetweenCharactersAndSayIt) {
  const auto text = of("ab\xc3\xa9\xc3\xa9", Side::kValue, {}, 5);
  EXPECT_EQ(text.text, "ab\xc3\xa9");
  EXPECT_TRUE(text.cut);
  const auto json = of("{\"a\":\"\xc3\xa9\xc3\xa9\"}", Side::kValue, {}, 7);
  EXPECT_EQ(json.format, Format::kJson);
  EXPECT_EQ(json.text, "{\"a\":\"");
  EXPECT_TRUE(json.cut);
  const auto hex = of(std::string(10, '\xff'), Side::kValue, {}, 4);
  EXPECT_EQ(hex.text, "ffff");
  EXPECT_TRUE(hex.cut);
}

TEST(Decode, JsonThatIsTooLargeToBeCheckedIsStillShown) {
  const std::string large = "{\"a\": \"" + std::string(kJsonCheckedMax, 'x') + "\"}";
  const auto decoded = of(large, Side::kValue, {}, 100);
  EXPECT_EQ(decoded.format, Format::kJson);
  EXPECT_EQ(decoded.text, large.substr(0, 100));
  EXPECT_EQ(decoded.why, "It begins as JSON does, and is too large to be checked.");
}

TEST(Decode, AJsonSchemasPayloadIsTheJsonBehindTheId) {
  const auto schema = schema::parse(schema::Type::kJson, "{\"type\":\"object\"}");
  ASSERT_TRUE(schema);
  const std::string bytes = "\0\0\0\0\x07{\"id\":1}"s;
  ASSERT_EQ(schema_id(as_bytes(bytes)), 7);
  const Question question{.bytes = as_bytes(bytes), .wish = {}, .schema = SchemaOf{7, *schema, {}}};
  const auto decoded = decode(question);
  EXPECT_EQ(decoded.format, Format::kJsonSchema);
  EXPECT_EQ(decoded.text, "{\"id\":1}");
  EXPECT_EQ(decoded.why, "It begins with 0 and 7, the id of a schema.");
}

TEST(Decode, AnIdThatTheRegistryDoesNotKnowShowsTheBytesAndSaysSo) {
  const std::string bytes = "\0\0\0\0\x07\xff"s;
  const Question question{.bytes = as_bytes(bytes), .wish = {}, .schema = SchemaOf{7, nullptr, "there is no schema 7"}};
  const auto decoded = decode(question);
  EXPECT_EQ(decoded.format, Format::kHex);
  EXPECT_EQ(decoded.text, "0000000007ff");
  ASSERT_TRUE(decoded.flaw);
  EXPECT_EQ(decoded.flaw->message, "there is no schema 7");
  const auto wished = of(bytes, Side::kValue, Format::kAvro);
  ASSERT_TRUE(wished.flaw);
  EXPECT_EQ(wished.flaw->message, "the schema registry was not asked");
}

TEST(Decode, WhatIsVeryLargeIsNotReadByASchema) {
  const auto schema = schema::parse(schema::Type::kAvro, R"("bytes")");
  const std::string bytes = "\0\0\0\0\x07"s + std::string(kStructuredMax, 'x');
  const Question question{.bytes = as_bytes(bytes), .wish = {}, .schema = SchemaOf{7, *schema, {}}, .text_max = 100};
  const auto decoded = decode(question);
  EXPECT_EQ(decoded.format, Format::kHex);
  ASSERT_TRUE(decoded.flaw);
  EXPECT_EQ(decoded.flaw->message, "more than 4 MiB are not read by a schema");
}

TEST(Decode, SchemaIdsAreFourBytesBehindAZero) {
  EXPECT_FALSE(schema_id(as_bytes("\0\0\0\1"s)));
  EXPECT_FALSE(schema_id(as_bytes("\1\0\0\0\1"s)));
  EXPECT_FALSE(schema_id(as_bytes("\0\0\0\0\0"s)));
  EXPECT_FALSE(schema_id(as_bytes("\0\xff\xff\xff\xff"s)));
  EXPECT_EQ(schema_id(as_bytes("\0\0\0\1\2"s)), 258);
}

TEST(InternalTopics, CommittedOffsetsAreReadByTheirKeys) {
  group::OffsetRecord record{.group = "billing", .topic = "orders", .partition = PartitionId{3}, .value = {}};
  record.value.emplace();
  record.value->metadata = "m\"";
  const auto encoded = group::encode(record);
  ASSERT_TRUE(encoded);
  const RecordBytes bytes{encoded->key.view(), encoded->value->view()};
  const auto read = read_internal("__consumer_offsets", bytes, 1 << 20);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key.text, R"({"type":"offset","group":"billing","topic":"orders","partition":3})");
  EXPECT_EQ(read->key.format, Format::kInternal);
  const auto value = json::parse(read->value.text);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value->find("metadata")->if_string(), "m\"");
  EXPECT_EQ(read_internal("__consumer_offsets", {bytes.key, std::nullopt}, 100)->value.format, Format::kNull);
  EXPECT_FALSE(read_internal("orders", bytes, 100));
  EXPECT_FALSE(read_internal("__consumer_offsets", {as_bytes("\0\x63"s), bytes.value}, 100));
  EXPECT_FALSE(read_internal("__consumer_offsets", {std::nullopt, bytes.value}, 100));
}

}  // namespace
}  // namespace thalweg::decode
