#include <gtest/gtest.h>

#include "base/base64.h"
#include "schema/compatibility.h"
#include "schema/limits.h"
#include "schema/protobuf/descriptor_writer.h"
#include "schema/protobuf/protobuf_schema.h"

namespace thalweg::schema::protobuf {
namespace {

using Lines = std::vector<std::string>;

ParsedSchemaPtr read(std::string_view text, const std::vector<Dependency>& dependencies = {}) {
  auto parsed = schema::parse(Type::kProtobuf, text, dependencies);
  EXPECT_TRUE(parsed) << text << "\n" << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : nullptr;
}
std::string why_not(std::string_view text, Validation validation = Validation::kNew) {
  auto parsed = schema::parse(Type::kProtobuf, text, {}, validation);
  return parsed ? "read: " + (*parsed)->text() : parsed.error().message;
}

constexpr std::string_view kEverything = R"(// a comment
syntax = "proto2"; /* another */ package a.b;
import "google/protobuf/timestamp.proto"; import public 'google/protobuf/any.proto';
option java_package = "x" "y"; option (my.opt).f = { a: 1 b { c: "t" } l: [1, -2.5, NAME] };
enum E { option allow_alias = true; A = 0; B = 0x10 [deprecated = true]; reserved 5, 7 to 9; }
message M {
  reserved 2, 9 to 11; reserved "gone";
  option deprecated = true;
  required string s = 1 [default = "q\"\n\001", deprecated = true];
  optional google.protobuf.Timestamp t = 3;
  map<string, Inner> m = 4;
  oneof o { E e = 5; bytes y = 6; }
  repeated group G = 7 { optional int32 i = 1; }
  extensions 100 to max;
  message Inner { optional .a.b.M up = 1; enum F { Z = -1; } }
}
extend M { optional int32 more = 100; }
service S { rpc Call (M) returns (stream M.Inner) { option idempotency_level = IDEMPOTENT; } rpc Two (stream M) returns (M); }
)";

TEST(ProtobufText, IsReprintedInOneLayout) {
  EXPECT_EQ(read(kEverything)->text(), R"(syntax = "proto2";
package a.b;

import "google/protobuf/timestamp.proto";
import public "google/protobuf/any.proto";

option java_package = "xy";
option (my.opt).f = {
  a: 1,
  b: {
    c: "t"
  },
  l: [1, -2.5, NAME]
};

message M {
  reserved 2, 9 to 11;
  reserved "gone";

  option deprecated = true;

  required string s = 1 [
    default = "q\"\n\001",
    deprecated = true
  ];
  optional google.protobuf.Timestamp t = 3;
  map<string, Inner> m = 4;

  oneof o {
    E e = 5;
    bytes y = 6;
  }

  repeated group G = 7 {
    optional int32 i = 1;
  }

  extensions 100 to max;

  message Inner {
    optional .a.b.M up = 1;

    enum F {
      Z = -1;
    }
  }
}
enum E {
  reserved 5, 7 to 9;
  option allow_alias = true;
  A = 0;
  B = 16 [deprecated = true];
}

extend M {
  optional int32 more = 100;
}

service S {
  rpc Call (M) returns (stream M.Inner) {
    option idempotency_level = IDEMPOTENT;
  }
  rpc Two (stream M) returns (M);
}
)");
}

TEST(ProtobufText, IsTheSameWhenPrintedAgain) {
  const auto once = read(kEverything)->text();
  EXPECT_EQ(read(once)->text(), once);
  const auto normalized = read(kEverything)->normalized().value();
  EXPECT_EQ(read(normalized)->normalized().value(), normalized);
}

TEST(ProtobufText, IsNormalizedByNumberAndWithFullNames) {
  EXPECT_EQ(
      read(R"(syntax = "proto3"; package p; import "google/protobuf/empty.proto"; import "google/protobuf/any.proto";
                    message B { A a = 2; string s = 1 [json_name = "x", deprecated = true]; oneof z { int32 i = 9; int32 h = 8; } oneof y { bool b = 3; } }
                    message A { })")
          ->normalized()
          .value(),
      "syntax = \"proto3\";\npackage p;\n\nimport \"google/protobuf/any.proto\";\nimport "
      "\"google/protobuf/empty.proto\";\n\nmessage B {\n  string s = 1 [\n    deprecated = true,\n    json_name = "
      "\"x\"\n  ];\n  .p.A a = 2;\n\n  oneof y {\n    bool b = 3;\n  }\n  oneof z {\n    int32 h = 8;\n    int32 i = "
      "9;\n  "
      "}\n}\nmessage A {\n}\n");
}

TEST(ProtobufText, LeavesExtensionsOutWhenAsked) {
  const auto text = read(kEverything)->formatted("ignore_extensions").value();
  EXPECT_EQ(text.find("extend"), std::string::npos);
  EXPECT_EQ(text.find("extensions"), std::string::npos);
  EXPECT_EQ(read(kEverything)->formatted("of the future").value(), read(kEverything)->text());
}

TEST(ProtobufText, RefusesWhatIsNoFile) {
  const std::string proto3 = "syntax = \"proto3\";\n";
  EXPECT_EQ(why_not("{"), "line 1, column 1: not a statement of a .proto file");
  EXPECT_EQ(why_not(proto3 + "message M {"), "line 2, column 12: a name is missing");
  EXPECT_EQ(why_not(proto3 + "message M { string s = 0; }"),
            "line 2, column 24: a field's number is between 1 and 536870911");
  EXPECT_EQ(why_not(proto3 + "message M { string s = 19000; }"),
            "line 2, column 24: the numbers 19000 to 19999 are Protobuf's own");
  EXPECT_EQ(why_not(proto3 + "message M { string s = 1; int32 t = 1; }"),
            "line 2, column 11: field number 1 is used twice in \"M\"");
  EXPECT_EQ(why_not(proto3 + "message M { string s = 1; int32 s = 2; }"),
            "line 2, column 11: \"s\" is defined twice in \"M\"");
  EXPECT_EQ(why_not(proto3 + "message M { reserved 1 to 3, 9; int32 s = 2; }"),
            "line 2, column 11: field \"s\" of \"M\" uses what is reserved");
  EXPECT_EQ(why_not(proto3 + "message M { reserved \"s\"; int32 s = 2; }"),
            "line 2, column 11: field \"s\" of \"M\" uses what is reserved");
  EXPECT_EQ(why_not(proto3 + "message M { required int32 s = 2; }"),
            "line 2, column 13: proto3 has no required fields");
  EXPECT_EQ(why_not(proto3 + "message M { map<float, int32> s = 2; }"),
            "line 2, column 17: not a type for keys of a map");
  EXPECT_EQ(why_not(proto3 + "enum E { A = 1; }"), "line 2, column 8: the first value of the enum \"E\" must be 0");
  EXPECT_EQ(why_not(proto3 + "enum E { A = 0; B = 0; }"),
            "line 2, column 8: the number 0 is used twice in the enum \"E\"");
  EXPECT_EQ(why_not(proto3 + "enum E { }"), "line 2, column 8: the enum \"E\" has no values");
  EXPECT_EQ(why_not("syntax = \"proto4\";"), "line 1, column 10: the syntax is \"proto2\" or \"proto3\"");
  EXPECT_EQ(why_not("option a = \"b"), "line 1, column 12: the text does not end");
  EXPECT_EQ(why_not("/* x"), "line 1, column 1: the comment does not end");
  EXPECT_EQ(why_not("message M { } $"), "line 1, column 15: an unexpected character");
  EXPECT_EQ(why_not(proto3 + "message M { Nowhere n = 1; }"), "\"Nowhere\" is not defined, in \"n\"");
  EXPECT_EQ(why_not(proto3 + "import \"other.proto\";"), "the import \"other.proto\" is not among the references");
  EXPECT_EQ(why_not(proto3 + "message M { } enum M { A = 0; }"), "\"M\" is defined twice");
}

TEST(ProtobufText, FindsTypesOfItsImportsFromTheInnermostScopeOutwards) {
  const std::vector<Dependency> imports = {
      {.name = "other.proto", .text = "syntax=\"proto3\"; package o.p; message T { message U { } }"}};
  EXPECT_TRUE(
      read("syntax=\"proto3\"; package o; import \"other.proto\"; message M { p.T a = 1; .o.p.T.U b = 2; M.T c = 3; "
           "message T { } }",
           imports));
  EXPECT_FALSE(
      schema::parse(Type::kProtobuf, "syntax=\"proto3\"; import \"other.proto\"; message M { T a = 1; }", imports));
  const auto broken = schema::parse(Type::kProtobuf, "syntax=\"proto3\"; import \"x\";", {{.name = "x", .text = "?"}});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "in the reference x: line 1, column 1: an unexpected character");
}

TEST(ProtobufText, IsBounded) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "message M { ";
  EXPECT_NE(why_not(deep).find("nested too deep"), std::string::npos);
  std::string braces = "option a = ";
  for (int i = 0; i < 10'000; ++i) braces += "{ a ";
  EXPECT_NE(why_not(braces).find("nested too deep"), std::string::npos);
  EXPECT_NE(why_not(std::string(kTextMax + 1, ' ')).find("at most"), std::string::npos);
}

std::vector<std::string> changes(std::string_view original, std::string_view update) {
  const auto comparison = compare(*read(original), *read(update));
  Lines all;
  if (comparison.failure) all.push_back("FAILED " + *comparison.failure);
  for (const auto& difference : comparison.differences)
    all.push_back((difference.compatible ? "" : "! ") + difference.type + " " + difference.path);
  return all;
}
std::string proto3(std::string_view body) { return "syntax = \"proto3\"; message M { " + std::string(body) + " }"; }

TEST(ProtobufDiff, PairsFieldsByNumber) {
  EXPECT_EQ(changes(proto3("string s = 1;"), proto3("string s = 1; int32 i = 2;")), Lines{"FIELD_ADDED #/M/2"});
  EXPECT_EQ(changes(proto3("string s = 1;"), proto3("")), Lines{"FIELD_REMOVED #/M/1"});
  EXPECT_EQ(changes(proto3("string s = 1;"), proto3("string t = 1;")), Lines{"FIELD_NAME_CHANGED #/M/1"});
  const std::string proto2 = "syntax = \"proto2\"; message M { ";
  EXPECT_EQ(changes(proto2 + "}", proto2 + "required int32 i = 1; }"), Lines{"! REQUIRED_FIELD_ADDED #/M/1"});
  EXPECT_EQ(changes(proto2 + "required int32 i = 1; }", proto2 + "}"), Lines{"! REQUIRED_FIELD_REMOVED #/M/1"});
  EXPECT_EQ(changes(proto2 + "optional int32 i = 1; }", proto2 + "repeated int32 i = 1; }"),
            Lines{"! FIELD_NUMERIC_LABEL_CHANGED #/M/1"});
  EXPECT_EQ(changes(proto2 + "optional bytes i = 1; }", proto2 + "repeated string i = 1; }"),
            Lines{"FIELD_STRING_OR_BYTES_LABEL_CHANGED #/M/1"});
}

TEST(ProtobufDiff, KnowsWhichScalarsAreOneOnTheWire) {
  const std::vector<std::vector<std::string>> groups = {{"int32", "int64", "uint32", "uint64", "bool", "E"},
                                                        {"sint32", "sint64"},
                                                        {"string", "bytes"},
                                                        {"fixed32", "sfixed32"},
                                                        {"fixed64", "sfixed64"},
                                                        {"float"},
                                                        {"double"}};
  for (const auto& a : groups)
    for (const auto& b : groups)
      for (const auto& x : a)
        for (const auto& y : b)
          EXPECT_EQ(changes(proto3("enum E { Z = 0; } " + x + " f = 1;"), proto3("enum E { Z = 0; } " + y + " f = 1;")),
                    &a == &b ? Lines{} : Lines{"! FIELD_SCALAR_KIND_CHANGED #/M/1"})
              << x << y;
}

TEST(ProtobufDiff, ComparesMapsByTheirTypesAndNotWithFields) {
  EXPECT_EQ(changes(proto3("map<int32, string> m = 1;"), proto3("map<int64, bytes> m = 1;")), Lines{});
  EXPECT_EQ(changes(proto3("map<int32, string> m = 1;"), proto3("map<string, string> m = 1;")),
            Lines{"! FIELD_SCALAR_KIND_CHANGED #/M/1"});
  EXPECT_EQ(changes(proto3("map<int32, string> m = 1;"), proto3("string m = 1;")), Lines{"! FIELD_KIND_CHANGED #/M/1"});
  EXPECT_EQ(changes(proto3("message N { } N m = 1;"), proto3("message N { } string m = 1;")),
            Lines{"! FIELD_KIND_CHANGED #/M/1"});
}

TEST(ProtobufDiff, LetsOneofsGrowButNotTieWhatWasFree) {
  EXPECT_EQ(changes(proto3("string a = 1; string b = 2;"), proto3("oneof o { string a = 1; string b = 2; }")),
            (Lines{"! MULTIPLE_FIELDS_MOVED_TO_ONEOF #/M/o", "ONEOF_ADDED #/M/o"}));
  EXPECT_EQ(
      changes(proto3("string a = 1; oneof o { string b = 2; }"), proto3("oneof o { string a = 1; string b = 2; }")),
      Lines{"! FIELD_MOVED_TO_EXISTING_ONEOF #/M/o"});
  EXPECT_EQ(changes(proto3("oneof o { string b = 2; }"), proto3("oneof o { string b = 2; int32 c = 3; }")),
            Lines{"ONEOF_FIELD_ADDED #/M/o/3"});
  EXPECT_EQ(changes(proto3("oneof o { string b = 2; int32 c = 3; }"), proto3("oneof o { string b = 2; }")),
            Lines{"! ONEOF_FIELD_REMOVED #/M/o/3"});
  EXPECT_EQ(changes(proto3("oneof o { string b = 2; }"), proto3("")), Lines{"ONEOF_REMOVED #/M/o"});
  EXPECT_EQ(
      changes(proto3("oneof o { string b = 2; string c = 3; }"), proto3("oneof o { string b = 2; } string c = 3;")),
      Lines{"ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/M/3"});
}

TEST(ProtobufDiff, TellsOfPackagesMessagesAndEnums) {
  EXPECT_EQ(changes("package a;", "package b;"), Lines{"! PACKAGE_CHANGED #/"});
  EXPECT_EQ(changes("message A { } message B { }", "message B { } message C { }"),
            (Lines{"! MESSAGE_REMOVED #/A", "MESSAGE_MOVED #/B", "MESSAGE_ADDED #/C"}));
  EXPECT_EQ(
      changes("enum E { A = 0; B = 1; C = 2; }", "enum E { A = 0; X = 1; D = 3; } enum F { Y = 0; }"),
      (Lines{"ENUM_CONST_CHANGED #/E/1", "ENUM_CONST_REMOVED #/E/2", "ENUM_CONST_ADDED #/E/3", "ENUM_ADDED #/F"}));
}

TEST(ProtobufDiff, FollowsTypesIntoImports) {
  const auto with = [](std::string_view type, std::int32_t version) {
    return read("syntax=\"proto3\"; import \"o.proto\"; message M { o.T t = 1; }",
                {{.name = "o.proto",
                  .text = "syntax=\"proto3\"; package o; message T { " + std::string(type) + " f = 1; }",
                  .subject = "o",
                  .version = version}});
  };
  const auto differences = [&](std::int32_t version) {
    Lines all;
    for (const auto& difference : compare(*with("int32", 1), *with("string", version)).differences)
      all.push_back(difference.type + " " + difference.path);
    return all;
  };
  EXPECT_EQ(differences(2), (Lines{"FIELD_SCALAR_KIND_CHANGED #/T/1", "FIELD_NAMED_TYPE_CHANGED #/M/1"}));
  EXPECT_EQ(differences(1), Lines{}) << "the same version of the same subject is the same type";
}

TEST(ProtobufDiff, EndsOnMessagesThatContainEachOther) {
  const auto both = [](std::string_view type) {
    return "syntax=\"proto3\"; message A { B b = 1; } message B { A a = 1; " + std::string(type) + " f = 2; }";
  };
  EXPECT_EQ(changes(both("int32"), both("int64")), Lines{});
  EXPECT_FALSE(compare(*read(both("int32")), *read(both("string"))).compatible());
  // Two fields of the message before, forty times: as many paths as no walk could take.
  const auto ladder = [](std::string_view type) {
    std::string text = "syntax=\"proto3\"; message M0 { " + std::string(type) + " f = 1; }";
    for (int i = 1; i <= 40; ++i) text += fmt::format(" message M{} {{ M{} a = 1; M{} b = 2; }}", i, i - 1, i - 1);
    return text;
  };
  EXPECT_EQ(changes(ladder("int32"), ladder("bool")), Lines{});
  EXPECT_FALSE(compare(*read(ladder("int32")), *read(ladder("string"))).compatible());
}

TEST(ProtobufDiff, SaysWhatAndWhere) {
  const auto comparison = compare(*read(proto3("int32 s = 1;")), *read(proto3("string s = 1;")));
  EXPECT_EQ(
      comparison.differences.at(0).message,
      "{errorType:\"FIELD_SCALAR_KIND_CHANGED\", description:\"'#/M/1': the new schema has a scalar that is encoded in "
      "another way than that of the old schema; a new type needs a new number\"}");
}

// What protoc made of the texts beside them.
constexpr std::string_view kOrder = R"(syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
option java_package = "com.example \"q\"";
option java_multiple_files = true;
option optimize_for = CODE_SIZE;
message Order {
  reserved 8 to 10, 12;
  reserved "old";
  int64 id = 1;
  optional string note = 2;
  repeated Line lines = 3 [deprecated = true];
  map<string, Line> by_name = 4;
  google.protobuf.Timestamp at = 5;
  oneof payment {
    string card = 6;
    Kind kind = 7;
  }
  string odd_name = 13 [json_name = "other"];
  message Line {
    uint32 count = 1;
  }
  enum Kind {
    option allow_alias = true;
    NONE = 0;
    ZERO = 0;
    LESS = -1 [deprecated = true];
    reserved 5 to 7;
  }
}
service Orders {
  rpc Watch (Order) returns (stream Order);
}
)";
constexpr std::string_view kOrderCompiled =
    "CgtvcmRlci5wcm90bxIEc2hvcBofZ29vZ2xlL3Byb3RvYnVmL3RpbWVzdGFtcC5wcm90byLeAwoFT3JkZXISDgoCaWQYASABKANSAmlkEhcK"
    "BG5vdGUYAiABKAlIAVIEbm90ZYgBARIqCgVsaW5lcxgDIAMoCzIQLnNob3AuT3JkZXIuTGluZUICGAFSBWxpbmVzEjAKB2J5X25hbWUYBCAD"
    "KAsyFy5zaG9wLk9yZGVyLkJ5TmFtZUVudHJ5UgZieU5hbWUSKgoCYXQYBSABKAsyGi5nb29nbGUucHJvdG9idWYuVGltZXN0YW1wUgJhdBIU"
    "CgRjYXJkGAYgASgJSABSBGNhcmQSJgoEa2luZBgHIAEoDjIQLnNob3AuT3JkZXIuS2luZEgAUgRraW5kEhcKCG9kZF9uYW1lGA0gASgJUgVv"
    "dGhlchpLCgtCeU5hbWVFbnRyeRIQCgNrZXkYASABKAlSA2tleRImCgV2YWx1ZRgCIAEoCzIQLnNob3AuT3JkZXIuTGluZVIFdmFsdWU6AjgB"
    "GhwKBExpbmUSFAoFY291bnQYASABKA1SBWNvdW50IjsKBEtpbmQSCAoETk9ORRAAEggKBFpFUk8QABIVCgRMRVNTEP///////////wEaAggB"
    "GgIQASIECAUQB0IJCgdwYXltZW50QgcKBV9ub3RlSgQICBALSgQIDBANUgNvbGQyLQoGT3JkZXJzEiMKBVdhdGNoEgsuc2hvcC5PcmRlchoL"
    "LnNob3AuT3JkZXIwAUIVCg9jb20uZXhhbXBsZSAicSJIAlABYgZwcm90bzM=";
constexpr std::string_view kOld = R"(syntax = "proto2";
message A {
  required int32 x = 1 [default = -3];
  optional string s = 2 [default = "a\"b"];
  repeated int32 p = 3 [packed = true];
  extensions 100 to max;
}
extend A {
  optional bool more = 100;
}
)";
constexpr std::string_view kOldCompiled =
    "CglvbGQucHJvdG8iRAoBQRIQCgF4GAEgAigFOgItM1IBeBIRCgFzGAIgASgJOgNhImJSAXMSEAoBcBgDIAMoBUICEAFSAXAqCAhkEICAgIAC"
    "OhYKBG1vcmUSAi5BGGQgASgIUgRtb3Jl";

TEST(ProtobufDescriptor, IsTheFileThatItWasMadeOf) {
  EXPECT_EQ(read(kOrderCompiled)->normalized().value(), read(kOrder)->normalized().value());
  EXPECT_EQ(read(kOldCompiled)->normalized().value(), read(kOld)->normalized().value());
  EXPECT_TRUE(compare(*read(kOrder), *read(kOrderCompiled)).compatible());
}

// What a client gets that asks for the format serialized.
std::string serialized(std::string_view text, const std::vector<Dependency>& dependencies = {}) {
  const auto schema = read(text, dependencies);
  const auto serialized = schema->formatted("serialized");
  EXPECT_TRUE(serialized) << serialized.error().message;
  return serialized.value_or("");
}

TEST(ProtobufDescriptor, IsWrittenAsProtocWritesIt) {
  Names names;
  const auto file = parse_text(kOld, Validation::kNew).value();
  names.add(file);
  EXPECT_EQ(base64(descriptor_of(file, names, "old.proto").value()), kOldCompiled);
}

// protoc keeps fields in the order in which they are written; we have those of oneofs behind the others.
TEST(ProtobufDescriptor, SaysWhatTheTextSays) {
  EXPECT_EQ(read(serialized(kOrder))->normalized(), read(kOrder)->normalized());
  const auto size = [](std::string_view text) { return decode_base64(text).value().size(); };
  EXPECT_EQ(size(serialized(kOrder)), size(kOrderCompiled) + 7 - 11) << "of the same members, but for the file's name";
  EXPECT_EQ(serialized(serialized(kOrder)), serialized(kOrder));
}

TEST(ProtobufDescriptor, LeavesOutCustomOptionsAndKeepsNamesOfOtherFiles) {
  const std::vector<Dependency> dependencies = {
      {.name = "other.proto", .text = "syntax = \"proto3\"; package o; enum E { A = 0; } message M { int32 x = 1; }"}};
  const auto text = read(serialized(R"(syntax = "proto3";
import public "other.proto";
option (mine) = "x";
message N { o.M m = 1; repeated o.E e = 2; optional int32 o = 3; map<int32, o.M> all_of = 4; int32 _o = 5; }
)",
                                    dependencies),
                         dependencies)
                        ->text();
  EXPECT_EQ(text, R"(syntax = "proto3";

import public "other.proto";

message N {
  .o.M m = 1;
  repeated .o.E e = 2;
  optional int32 o = 3;
  map<int32, .o.M> all_of = 4;
  int32 _o = 5;
}
)");
}

TEST(ProtobufDescriptor, OfAnEditionIsRefused) {
  const auto serialized = read("edition = \"2023\"; message M { int32 x = 1; }")->formatted("serialized");
  ASSERT_FALSE(serialized);
  EXPECT_NE(serialized.error().message.find("edition 2023"), std::string::npos);
}

TEST(ProtobufDescriptor, IsRefusedWhereItIsNone) {
  const std::string whole(kOrderCompiled);
  for (std::size_t size = 4; size < whole.size(); size += 4) (void)why_not(whole.substr(0, size));
  EXPECT_NE(why_not("AAAA").find("base64 of no file descriptor"), std::string::npos) << why_not("AAAA");
  EXPECT_NE(why_not("_not_base64_").find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace thalweg::schema::protobuf
