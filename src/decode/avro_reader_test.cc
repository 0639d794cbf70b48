#include "decode/avro_reader.h"

#include <gtest/gtest.h>

#include "decode/decode.h"
#include "json/parser.h"
#include "schema/avro/avro_schema.h"

namespace thalweg::decode {
namespace {

using namespace std::string_literals;

Reading avro(const std::string& schema, const std::string& bytes, std::size_t text_max = 1 << 20) {
  const auto parsed = schema::parse(schema::Type::kAvro, schema);
  CHECK(parsed);
  return read_avro(*static_cast<const schema::avro::AvroSchema&>(**parsed).graph().root, as_bytes(bytes), text_max);
}

TEST(AvroReader, EveryTypeIsReadByItsSchema) {
  struct Row {
    std::string schema, bytes, text;
  };
  const Row rows[] = {
      {R"("null")", "", "null"},
      {R"("boolean")", "\1", "true"},
      {R"("int")", "\x03", "-2"},
      {R"("long")", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", "9223372036854775807"},
      {R"("long")", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-9223372036854775808"},
      {R"("float")", "\0\0\xc0\x3f"s, "1.5"},
      {R"("double")", "\0\0\0\0\0\0\xf8\x7f"s, "\"NaN\""},
      {R"("string")",
       "\x06"
       "a\"b",
       R"("a\"b")"},
      {R"("bytes")",
       "\x04\xff"
       "a",
       "\"\xc3\xbf"
       "a\""},
      {R"({"type":"fixed","name":"F","size":2})", "ab", R"("ab")"},
      {R"({"type":"enum","name":"E","symbols":["A","B"]})", "\x02", R"("B")"},
      {R"({"type":"array","items":"int"})", "\x04\x02\x04\x00"s, "[1,2]"},
      {R"({"type":"array","items":"int"})", "\x03\x04\x02\x04\x00"s, "[1,2]"},  // a block with its size
      {R"({"type":"map","values":"int"})", "\x02\x02k\x02\x00"s, R"({"k":1})"},
      {R"(["null","string"])", "\x02\x02x", R"("x")"},
      {R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","R"]}]})",
       "\x02\x02\x04\x00"s, R"({"a":1,"b":{"a":2,"b":null}})"},
  };
  for (const auto& row : rows) {
    const auto read = avro(row.schema, row.bytes);
    ASSERT_TRUE(read) << row.schema << ": " << read.error().message;
    EXPECT_EQ(read->text, row.text) << row.schema;
    EXPECT_TRUE(json::parse(read->text)) << read->text;
  }
}

TEST(AvroReader, WhatDoesNotFitIsToldWithItsPlace) {
  struct Row {
    std::string schema, bytes;
    std::size_t at;
    std::string message;
  };
  const Row rows[] = {
      {R"("int")", "", 0, "the bytes end inside a number, or it is too long"},
      {R"("int")", "\x80\x80\x80\x80\x80\x01", 6, "an int has 32 bits"},
      {R"("string")",
       "\x08"
       "ab",
       1, "4 bytes should follow, and there are 2"},
      {R"("string")", "\x01", 1, "a length is negative"},
      {R"("boolean")", "\x02", 0, "a boolean is 0 or 1"},
      {R"({"type":"enum","name":"E","symbols":["A"]})", "\x04", 1, "enum E has no symbol 2"},
      {R"(["null"])", "\x02", 1, "the union has no branch 1"},
      {R"("int")", "\x02xy", 1, "2 bytes follow the value"},
  };
  for (const auto& row : rows) {
    const auto read = avro(row.schema, row.bytes);
    ASSERT_FALSE(read) << row.schema;
    EXPECT_EQ(read.error().at, row.at) << row.schema;
    EXPECT_TRUE(read.error().message.starts_with(row.message)) << read.error().message;
  }
}

TEST(AvroReader, ACountThatNobodySentEndsWithTheText) {
  const std::string endless = "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01";  // 2^63 - 1 nulls in no bytes
  const auto nulls = avro(R"({"type":"array","items":"null"})", endless, 100);
  ASSERT_TRUE(nulls);
  EXPECT_TRUE(nulls->cut);
  EXPECT_EQ(nulls->text.size(), 100u);
  const auto records = avro(R"({"type":"array","items":{"type":"record","name":"E","fields":[]}})", endless, 100);
  ASSERT_TRUE(records);
  EXPECT_TRUE(records->cut);
}

TEST(AvroReader, ARecordThatHoldsItselfEnds) {
  const auto read = avro(R"({"type":"record","name":"R","fields":[{"name":"r","type":"R"}]})", "");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "it is nested too deep");
}

TEST(AvroReader, PlacesCountFromTheFirstByteOfTheRecord) {
  const auto schema = schema::parse(schema::Type::kAvro, R"("int")");
  const std::string bytes = "\0\0\0\0\x07\x02x"s;
  const auto decoded = decode({.bytes = as_bytes(bytes), .wish = Format::kAvro, .schema = SchemaOf{7, *schema, {}}});
  EXPECT_EQ(decoded.format, Format::kHex);
  ASSERT_TRUE(decoded.flaw);
  EXPECT_EQ(decoded.flaw->at, 6u);
}

}  // namespace
}  // namespace thalweg::decode
