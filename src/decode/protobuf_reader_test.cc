#include "decode/protobuf_reader.h"

#include <gtest/gtest.h>

#include "base/varint.h"
#include "json/parser.h"
#include "schema/schema.h"

namespace thalweg::decode {
namespace {

using namespace std::string_literals;

Reading protobuf(const std::string& schema, const std::string& bytes, std::size_t text_max = 1 << 20) {
  const auto parsed = schema::parse(schema::Type::kProtobuf, schema);
  CHECK(parsed);
  const auto& files = static_cast<const schema::protobuf::ProtobufSchema&>(**parsed).files();
  return read_protobuf(files, as_bytes(bytes), text_max);
}

const std::string kOrder = R"(syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Order {
  int64 id = 1;
  string name = 2;
  repeated int32 counts = 3;
  State state = 4;
  Item item = 5;
  map<string, int64> prices = 6;
  google.protobuf.Timestamp at = 7;
  oneof how { bool cash = 8; double card = 9; }
  sint64 change = 10;
  bytes raw = 11;
  message Item { string sku = 1; repeated Item parts = 2; }
  enum State { NEW = 0; PAID = 1; }
}
message Second { uint64 big = 1; fixed32 four = 2; }
)";

TEST(ProtobufReader, EveryKindOfFieldIsReadByTheSchema) {
  const std::string bytes =
      "\0"s                                       // the first message
      "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"  // id: 2^63 - 1
      "\x12\x02"
      "ab"  // name
      "\x1a\x02\x01\x02"
      "\x18\x03"                            // counts: packed, and one alone
      "\x20\x01"                            // state
      "\x2a\x07\x0a\x01s\x12\x02\x12\x00"s  // item with a part of a part
      "\x32\x05\x0a\x01k\x10\x07"           // prices
      "\x3a\x02\x08\x05"                    // at
      "\x40\x01"                            // cash
      "\x50\x03"                            // change
      "\x5a\x01\xff"                        // raw
      "\xa2\x06\x01z"s;                     // field 100, which is not known
  const auto read = protobuf(kOrder, bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text,
            R"({"id":9223372036854775807,"name":"ab","counts":[1,2,3],"state":"PAID",)"
            R"("item":{"sku":"s","parts":[{"parts":[{}]}]},"prices":{"k":7},"at":{"seconds":5},"change":-2,)"
            R"("raw":"/w==","cash":true,"100":"eg=="})");
  EXPECT_TRUE(json::parse(read->text));
}

TEST(ProtobufReader, TheBytesSayWhichMessage) {
  const auto second = protobuf(kOrder, "\x02\x02\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x15\x01\0\0\0"s);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->text, R"({"big":18446744073709551615,"four":1})");
  const auto inner = protobuf(kOrder, "\x04\x00\x00\x0a\x01x"s);
  ASSERT_TRUE(inner) << inner.error().message;
  EXPECT_EQ(inner->text, R"({"sku":"x"})");
  EXPECT_FALSE(protobuf(kOrder, "\x02\x04"s));
  EXPECT_FALSE(protobuf(kOrder, "\x01"s));
  EXPECT_FALSE(protobuf(kOrder, ""s));
}

TEST(ProtobufReader, GroupsAndExtensionsOfProto2) {
  const auto read = protobuf("syntax = \"proto2\"; message M { optional group G = 1 { optional int32 a = 2; } }",
                             "\0\x0b\x10\x05\x0c"s);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text, R"({"G":{"a":5}})");
}

TEST(ProtobufReader, WhatDoesNotFitIsToldWithItsPlace) {
  struct Row {
    std::string bytes;
    std::size_t at;
  };
  const Row rows[] = {
      {"\0\x08"s, 2},              // a number is missing
      {"\0\x12\x05z"s, 2},         // a string ends early
      {"\0\x07"s, 1},              // wire type 7
      {"\0\x0c"s, 2},              // a group ends that has not begun
      {"\0\x0b\x08\x01"s, 5 - 1},  // a group that does not end
      {"\0\x0a\x01z"s, 3},         // id with a length
  };
  for (const auto& row : rows) {
    const auto read = protobuf(kOrder, row.bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().at, row.at) << read.error().message;
  }
}

// So many messages in field 2 of each other.
std::string nested(int levels) {
  std::string bytes;
  for (int i = 0; i < levels; ++i) {
    std::byte size[kMaxVarint64];
    const BytesView used(size, write_varint(size, bytes.size()));
    bytes = "\x12" + std::string(as_text(used)) + bytes;
  }
  return bytes;
}

TEST(ProtobufReader, LongOnesAreCutAndDeepOnesRefused) {
  std::string many = "\0"s;
  for (int i = 0; i < 1000; ++i) many += "\x18\x01";
  const auto cut = protobuf(kOrder, many, 64);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(cut->text.size(), 64u);
  const std::string schema = "message Item { repeated Item parts = 2; }";
  EXPECT_TRUE(protobuf(schema, "\0"s + nested(60)));
  const auto deep = protobuf(schema, "\0"s + nested(100));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().message, "it is nested too deep");
}

}  // namespace
}  // namespace thalweg::decode
