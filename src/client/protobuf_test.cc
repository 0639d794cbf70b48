// Classes of protoc through a scripted registry. Left out where libprotobuf-dev is missing.
#ifdef THALWEG_PROTOBUF
#include "thalweg/client/protobuf.h"

#include <gtest/gtest.h>

#include "client/testing_http.h"
#include "old_form.pb.h"
#include "shop.pb.h"
#include "thalweg/client/producer.h"

namespace thalweg::client {
namespace {

// A registry that has the shop's files under the ids 1 to 3, as the serde registers them.
class Protobuf : public ::testing::Test {
 protected:
  Protobuf() {
    server.on("POST /subjects/money%2Fcurrency.proto/versions", {200, R"({"id":1})"});
    server.on("POST /subjects/money%2Fcurrency.proto", {200, R"({"id":1,"version":4})"});
    server.on("POST /subjects/money%2Fprice.proto/versions", {200, R"({"id":2,"version":5})"});
    server.on("POST /subjects/orders-value/versions", {200, R"({"id":3})"});
    server.on("POST /subjects/forms-value/versions", {200, R"({"id":9})"});
  }
  SchemaRegistry registry(milliseconds timeout = 10s) {
    return SchemaRegistry({.url = server.url(), .timeout = timeout});
  }
  void schema(int id, const std::string& text) {
    server.on("GET /schemas/ids/" + std::to_string(id),
              {200, Json{{"schemaType", "PROTOBUF"}, {"schema", text}}.dump()});
  }

  ScriptedServer server;
};

shop::Order tea() {
  shop::Order order;
  order.set_id(7);
  auto* line = order.add_lines();
  line->set_item("tea");
  line->set_count(2);
  order.mutable_price()->set_cents(450);
  (*order.mutable_tags())["gift"] = "yes";
  return order;
}

template <class M>
std::string bytes_of(const Serde<M>& serde, const M& value, const std::string& topic = "orders") {
  std::string out;
  const auto ok = serde.write(value, out, {.topic = topic});
  EXPECT_TRUE(ok) << ok.error().message;
  return out;
}

template <class M>
std::string problem(const Serde<M>& serde, std::string_view bytes) {
  const auto value = serde.read(bytes, {.topic = "orders"});
  return value ? "(none)" : value.error().message;
}

TEST_F(Protobuf, WritesConfluentsFrameAndReadsItBack) {
  const auto serde = protobuf<shop::Order>(registry());
  const std::string bytes = bytes_of(serde, tea());
  EXPECT_EQ(bytes.substr(0, 6), std::string("\0\0\0\0\3\0", 6));
  EXPECT_EQ(bytes.substr(6), tea().SerializeAsString());
  const auto back = serde.read(bytes, {.topic = "orders"});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->SerializeAsString(), tea().SerializeAsString());
}

TEST_F(Protobuf, RegistersImportsBeforeThoseThatImportThemAndKnownOnesNever) {
  bytes_of(protobuf<shop::Order>(registry()), tea());
  std::vector<std::string> asked;
  Json body;
  for (const auto& request : server.requests()) {
    const auto space = request.find(' ', 5);
    asked.push_back(request.substr(0, space));
    body = Json::parse(request.substr(space));
  }
  EXPECT_EQ(asked, (std::vector<std::string>{
                       "POST /subjects/money%2Fcurrency.proto/versions", "POST /subjects/money%2Fcurrency.proto",
                       "POST /subjects/money%2Fprice.proto/versions", "POST /subjects/orders-value/versions"}));
  EXPECT_EQ(body["references"],
            Json::array({{{"name", "money/price.proto"}, {"subject", "money/price.proto"}, {"version", 5}}}));
  EXPECT_EQ(body["schemaType"], "PROTOBUF");
  EXPECT_NE(body["schema"].get<std::string>().find("import \"google/protobuf/timestamp.proto\""), std::string::npos);
}

TEST_F(Protobuf, AsksTheRegistryOncePerSubject) {
  const auto serde = protobuf<shop::Order>(registry());
  for (int i = 0; i < 3; ++i) bytes_of(serde, tea());
  EXPECT_EQ(server.requests().size(), 4u);
  server.stop();
  bytes_of(serde, tea());
}

TEST_F(Protobuf, APositionCountsMessagesAndNoEntriesOfMapsGroupsOrEnums) {
  EXPECT_EQ(detail::proto_type<shop::Order>("").indexes, (std::vector<int>{0}));
  EXPECT_EQ(detail::proto_type<shop::Order::Line>("").indexes, (std::vector<int>{0, 0}));
  EXPECT_EQ(detail::proto_type<shop::Refund>("").indexes, (std::vector<int>{1}));
  EXPECT_EQ(detail::proto_type<old::Form::Body>("").indexes, (std::vector<int>{0, 0}));
  EXPECT_EQ(bytes_of(protobuf<shop::Refund>(registry()), {}), std::string("\0\0\0\0\3\2\2", 7));
  EXPECT_EQ(bytes_of(protobuf<shop::Order::Line>(registry()), {}), std::string("\0\0\0\0\3\4\0\0", 8));
}

TEST_F(Protobuf, ThePositionOfEveryMessageIsThatOfItsText) {
  const auto at = [](const auto& type) { return detail::proto_message_at(type.files.back().text, type.indexes); };
  EXPECT_EQ(at(detail::proto_type<shop::Order::Line>("")), "Order.Line");
  EXPECT_EQ(at(detail::proto_type<shop::Refund>("")), "Refund");
  EXPECT_EQ(at(detail::proto_type<old::Form::Body>("")), "Form.Body");
}

TEST_F(Protobuf, RefusesWhatIsAnotherMessageOfTheSchema) {
  const SchemaRegistry shared = registry();
  const auto writes = protobuf<shop::Refund>(shared);
  const auto reads = protobuf<shop::Order>(shared);
  EXPECT_NE(problem(reads, bytes_of(writes, shop::Refund())).find("is a Refund of schema 3, not a Order"),
            std::string::npos);
}

TEST_F(Protobuf, ReadsItWhereverItsWritersSchemaHasIt) {
  schema(20, "syntax = \"proto3\"; package shop.v2; message Other { int32 a = 1; } message Order { int64 id = 2; }");
  const auto serde = protobuf<shop::Order>(registry());
  EXPECT_EQ(problem(serde, std::string("\0\0\0\0\x14\2\2\x10\5", 9)), "(none)");
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\x14\0\x10\5", 8)).find("is a Other of schema 20"), std::string::npos);
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\x14\2\4", 7)).find("message that is not there"), std::string::npos);
}

TEST_F(Protobuf, ItsSchemaIsAskedForOnceAndServesOnWhileTheRegistryIsDown) {
  schema(20, "syntax = \"proto3\"; message Order {}");
  const auto serde = protobuf<shop::Order>(registry(2s));
  EXPECT_EQ(problem(serde, std::string("\0\0\0\0\x14\0", 6)), "(none)");
  server.stop();
  EXPECT_EQ(problem(serde, std::string("\0\0\0\0\x14\0", 6)), "(none)");
  const auto unknown = serde.read(std::string("\0\0\0\0\x15\0", 6), {});
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().retriable);
}

TEST_F(Protobuf, TheGuidesHeaderLeavesTheBytesAsAnyProgramReadsThem) {
  const auto serde = protobuf<shop::Order>(registry(), {.framing = Framing::kSchemaIdHeader});
  auto sent = message("orders", std::string("k"), tea(), {}, serde_of<std::string>(), serde);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->value, tea().SerializeAsString());
  EXPECT_EQ(sent->headers.last("schema-id"), "3");
  const auto back = Record(*sent).as(serde);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->id(), 7);
}

TEST_F(Protobuf, RegistersTheTextThatItWasGiven) {
  const std::string text = "// with its comments\nsyntax = \"proto2\"; message Form {}";
  const auto serde = protobuf<old::Form>(registry(), {}, text);
  old::Form form;
  form.mutable_body()->set_text("t");
  bytes_of(serde, form, "forms");
  EXPECT_NE(server.requests().back().find("with its comments"), std::string::npos);
}

TEST_F(Protobuf, WhatLacksRequiredFieldsIsNeitherWrittenNorRead) {
  schema(9, "syntax = \"proto2\"; message Form {}");
  const auto serde = protobuf<old::Form>(registry());
  std::string out;
  const auto written = serde.write({}, out, {.topic = "forms"});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "old.Form lacks required fields: body");
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(problem(serde, std::string("\0\0\0\0\x09\0", 6)), "old.Form lacks required fields: body");
}

TEST_F(Protobuf, BytesThatAreNoneAreAnError) {
  const auto serde = protobuf<shop::Order>(registry());
  bytes_of(serde, tea());
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\3\0\xff", 7)).find("these bytes are no shop.Order"),
            std::string::npos);
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\3", 5)).find("cut off"), std::string::npos);
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\3\2", 6)).find("cut off"), std::string::npos);
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\3\1", 6)).find("not a number from 0"), std::string::npos);
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\3\xff\xff\xff\xff\x7f", 10)).find("not a number from 0"),
            std::string::npos);
  EXPECT_NE(problem(serde, std::string("\0\0\0\0\3\xfe\xff\x03", 8)).find("nested 32767 deep"), std::string::npos);
}

TEST_F(Protobuf, AnIncompatibleSchemaReachesTheCallerWithItsReason) {
  server.on("POST /subjects/orders-value/versions",
            {409, R"({"error_code":409,"message":"FIELD_SCALAR_KIND_CHANGED at #/Order/2"})"});
  std::string out;
  const auto refused = protobuf<shop::Order>(registry()).write(tea(), out, {.topic = "orders"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 409);
  EXPECT_NE(refused.error().message.find("FIELD_SCALAR_KIND_CHANGED at #/Order/2"), std::string::npos);
}

}  // namespace
}  // namespace thalweg::client
#endif
