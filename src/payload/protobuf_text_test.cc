#include <gtest/gtest.h>

#include "thalweg/client/protobuf.h"

namespace thalweg::client::detail {
namespace {

std::string at(std::string_view text, const std::vector<int>& indexes) {
  return proto_message_at(text, indexes).value_or("(none)");
}

TEST(ProtobufText, FindsAMessageByItsPlace) {
  constexpr std::string_view kText = R"(
    syntax = "proto3"; // message Comment {
    /* message Comment { */
    option java_package = "message Text {";
    enum Colour { message = 0; }
    message A { enum E { X = 0; } oneof o { message.Kind kind = 1; } message B {} reserved 'message C {'; message C { message D {} } }
    service S { rpc Call (A) returns (A) { option (x) = { message y { } }; } }
    extend A { optional message field = 7 [(o) = { message z { } }]; }
    message E {}
  )";
  EXPECT_EQ(at(kText, {0}), "A");
  EXPECT_EQ(at(kText, {1}), "E");
  EXPECT_EQ(at(kText, {0, 0}), "A.B");
  EXPECT_EQ(at(kText, {0, 1, 0}), "A.C.D");
  for (const auto& none : std::vector<std::vector<int>>{{2}, {0, 2}, {0, 0, 0}, {1, 0}})
    EXPECT_EQ(at(kText, none), "(none)");
}

TEST(ProtobufText, WhatIsCutOffOrNoProtoHasNoMessages) {
  for (const auto* text : {"", "message", "message A", "message \"A\" {", "}", "}}message A {", "/*", "/* message A {",
                           "\"\\", "// message A {"})
    EXPECT_EQ(at(text, {0}), "(none)") << text;
}

TEST(ProtobufText, PlacesAreWrittenAsConfluentDoes) {
  const auto written = [](const std::vector<int>& indexes) {
    std::string out;
    write_proto_indexes(indexes, out);
    std::string_view bytes = out;
    EXPECT_EQ(read_proto_indexes(bytes).value_or(std::vector<int>{}), indexes);
    return out;
  };
  EXPECT_EQ(written({0}), std::string("\0", 1));
  EXPECT_EQ(written({1}), "\2\2");
  EXPECT_EQ(written({0, 0}), std::string("\4\0\0", 3));
  EXPECT_EQ(written({300, 2147483647}), "\4\xd8\4\xfe\xff\xff\xff\x0f");
}

TEST(ProtobufText, EveryRegistryKnowsGooglesFilesAndNoOthersOfTheirFolder) {
  EXPECT_TRUE(proto_is_known("google/protobuf/timestamp.proto"));
  EXPECT_TRUE(proto_is_known("google/type/money.proto"));
  EXPECT_TRUE(proto_is_known("confluent/meta.proto"));
  EXPECT_FALSE(proto_is_known("google/protobuf/compiler/plugin.proto"));
  EXPECT_FALSE(proto_is_known("google/api/http.proto"));
}

}  // namespace
}  // namespace thalweg::client::detail
