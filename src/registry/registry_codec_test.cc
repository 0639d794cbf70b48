#include "registry/registry_codec.h"

#include <gtest/gtest.h>

#include "json/parser.h"
#include "json/writer.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {
namespace {

std::pair<std::string, std::string> bytes_of(const Record& record) {
  const auto bytes = encode(record);
  return {std::string(bytes->key.text()), bytes->value ? std::string(bytes->value->text()) : "(none)"};
}
Record read(std::string_view key, std::optional<std::string_view> value) {
  auto record = decode(SharedBytes::copy_of(key), value ? std::optional(SharedBytes::copy_of(*value)) : std::nullopt);
  EXPECT_TRUE(record && *record) << key << (record ? "" : record.error().message);
  return record && *record ? **record : Record(NoopRecord{});
}

Content everything() {
  Rule rule{.name = "r", .doc = "d", .kind = "CONDITION", .mode = "WRITE", .type = "CEL", .expr = "true"};
  rule.tags = {"PII"};
  rule.params = {{"k", "v"}};
  return {.type = schema::Type::kAvro,
          .text = "\"int\"",
          .references = {{"n", "s", 2}},
          .metadata = Metadata{.tags = {{"t", {"a", "b"}}}, .properties = {{"p", "q"}}, .sensitive = {"x"}},
          .rules = RuleSet{.domain = {rule}}};
}

TEST(RegistryCodec, WritesWhatConfluentsRegistryWrites) {
  const auto content = std::make_shared<const Content>(Content{.text = "\"int\""});
  EXPECT_EQ(
      bytes_of(SchemaRecord{.subject = "s", .version = 1, .value = SchemaRecord::Value{7, content, false}}),
      std::pair(
          std::string(R"({"keytype":"SCHEMA","subject":"s","version":1,"magic":1})"),
          std::string(
              R"({"subject":"s","version":1,"id":7,"md5":"71JOobkecxc9k4reNsHbMg==","schemaType":"AVRO","schema":"\"int\"","deleted":false})")));
  EXPECT_EQ(
      bytes_of(SchemaRecord{.subject = "s", .version = 1, .magic = 0, .value = std::nullopt}),
      std::pair(std::string(R"({"keytype":"SCHEMA","subject":"s","version":1,"magic":0})"), std::string("(none)")));
  EXPECT_EQ(
      bytes_of(ConfigRecord{.subject = std::nullopt, .value = Config{.level = schema::CompatibilityLevel::kFull}}),
      std::pair(std::string(R"({"keytype":"CONFIG","magic":0})"), std::string(R"({"compatibilityLevel":"FULL"})")));
  EXPECT_EQ(bytes_of(ModeRecord{.subject = "s", .value = Mode::kImport}),
            std::pair(std::string(R"({"keytype":"MODE","subject":"s","magic":0})"),
                      std::string(R"({"subject":"s","mode":"IMPORT"})")));
  EXPECT_EQ(bytes_of(DeleteSubjectRecord{.subject = "s", .version = 3}),
            std::pair(std::string(R"({"keytype":"DELETE_SUBJECT","subject":"s","magic":0})"),
                      std::string(R"({"subject":"s","version":3})")));
  EXPECT_EQ(bytes_of(ClearSubjectRecord{.subject = "s"}),
            std::pair(std::string(R"({"keytype":"CLEAR_SUBJECT","subject":"s","magic":0})"),
                      std::string(R"({"subject":"s"})")));
  EXPECT_EQ(bytes_of(ContextRecord{.context = ".c"}),
            std::pair(std::string(R"({"keytype":"CONTEXT","tenant":"default","context":".c","magic":0})"),
                      std::string(R"({"tenant":"default","context":".c"})")));
  EXPECT_EQ(bytes_of(NoopRecord{}), std::pair(std::string(R"({"keytype":"NOOP","magic":0})"), std::string("(none)")));
}

TEST(RegistryCodec, ReadsWhatOlderOnesWrote) {
  const auto record = std::get<SchemaRecord>(
      read(R"({"keytype":"SCHEMA","subject":"s","version":2,"magic":0})",
           R"({"subject":"s","version":2,"id":5,"schema":"\"int\"","deleted":true,"offset":9})"));
  EXPECT_EQ(record.magic, 0);
  EXPECT_EQ(record.value->id, 5);
  EXPECT_TRUE(record.value->deleted);
  EXPECT_EQ(record.value->content->type, schema::Type::kAvro);
  EXPECT_EQ(std::get<ConfigRecord>(
                read(R"({"keytype":"CONFIG","subject":null,"magic":0})", R"({"compatibilityLevel":"NONE"})"))
                .subject,
            std::nullopt);
  EXPECT_EQ(std::get<SchemaRecord>(read(R"({"keytype":"SCHEMA","subject":"s","version":2,"magic":1})", "null")).value,
            std::nullopt);
  const auto unknown = decode(SharedBytes::copy_of(std::string_view(R"({"keytype":"ASSOC","magic":0})")), std::nullopt);
  ASSERT_TRUE(unknown);
  EXPECT_EQ(*unknown, std::nullopt);
  EXPECT_EQ(decode(SharedBytes::copy_of(std::string_view("{}")), std::nullopt).error().code,
            ErrorCode::kCorruptMessage);
  EXPECT_EQ(std::get<NoopRecord>(read(R"({"keytype":"NOOP","magic":0})", "7")).highest_ids.size(), 0u);
}

TEST(RegistryCodec, ReadsWhatItWrites) {
  const Config config{.alias = "a",
                      .normalize = true,
                      .level = schema::CompatibilityLevel::kNone,
                      .policy = "LENIENT",
                      .group = "g",
                      .default_metadata = everything().metadata,
                      .override_rules = everything().rules};
  const std::vector<Record> records = {
      SchemaRecord{.subject = ":.c:s",
                   .version = 9,
                   .value = SchemaRecord::Value{3, std::make_shared<const Content>(everything()), true}},
      SchemaRecord{.subject = "s", .version = 9, .value = std::nullopt},
      ConfigRecord{.subject = "s", .value = config},
      ConfigRecord{.subject = std::nullopt, .value = std::nullopt},
      ModeRecord{.subject = std::nullopt, .value = Mode::kReadOnly},
      DeleteSubjectRecord{.subject = "s", .version = 1},
      ClearSubjectRecord{.subject = "s"},
      ContextRecord{.context = ".c", .exists = false},
      NoopRecord{.highest_ids = {{".", 4}, {".c", 2}}},
  };
  for (const auto& record : records) {
    const auto bytes = encode(record);
    const auto again = decode(bytes->key, bytes->value);
    ASSERT_TRUE(again && *again) << bytes->key.text();
    EXPECT_EQ(**again, record) << bytes->key.text();
  }
}

// The expected values were computed with Python's hashlib over the bytes that the layout asks for.
TEST(Guid, IsTheMd5OfTheContent) {
  EXPECT_EQ(guid(digest(Content{.text = "\"int\""})), "ef524ea1-b91e-7317-3d93-8ade36c1db32");
  EXPECT_EQ(guid(digest(everything())), "1f898a5f-4a41-4577-fc28-e2052a44a8c7");
  EXPECT_EQ(parse_guid("ef524ea1-b91e-7317-3d93-8ade36c1db32"), digest(Content{.text = "\"int\""}));
  EXPECT_EQ(parse_guid("EF524EA1B91E73173D938ADE36C1DB32"), digest(Content{.text = "\"int\""}));
  EXPECT_EQ(parse_guid("ef15276d"), std::nullopt);
  EXPECT_EQ(parse_guid("zz524ea1-b91e-7317-3d93-8ade36c1db32"), std::nullopt);
}

TEST(JsonShapes, AreThoseOfTheApi) {
  const SchemaObject schema{
      .subject = "s", .version = 1, .id = 2, .guid = "g", .type = schema::Type::kAvro, .text = "\"int\""};
  EXPECT_EQ(json::write(to_json(schema)),
            R"({"subject":"s","version":1,"id":2,"guid":"g","schemaType":"AVRO","schema":"\"int\""})");
  EXPECT_EQ(json::write(registered_to_json(schema)),
            R"({"id":2,"version":1,"guid":"g","schemaType":"AVRO","schema":"\"int\""})");
  EXPECT_EQ(json::write(to_json(SchemaById{.schema = schema, .max_id = 9})),
            R"({"schemaType":"AVRO","schema":"\"int\"","guid":"g","maxId":9})");
  EXPECT_EQ(json::write(to_json(Failure{Code::kSubjectNotFound, "m"})), R"({"error_code":40401,"message":"m"})");
  EXPECT_EQ(json::write(to_json(CompatibilityVerdict{true, {}})), R"({"is_compatible":true})");
  EXPECT_EQ(json::write(to_json(Config{.level = schema::CompatibilityLevel::kFull}, LevelKey::kPut)),
            R"({"compatibility":"FULL"})");
  EXPECT_EQ(json::write(to_json(Mode::kReadOnly)), R"({"mode":"READONLY"})");
  EXPECT_EQ(schema_object_from(to_json(schema)), schema);
}

TEST(JsonShapes, ReadRequests) {
  const auto body = json::parse(
      R"({"schema":"x","schemaType":"JSON","references":[{"name":"n","subject":"s","version":3}],"id":4,"unknown":[]})");
  const auto input = schema_input_from(*body);
  ASSERT_TRUE(input);
  EXPECT_EQ(input->type, "JSON");
  EXPECT_EQ(input->references, (std::vector<schema::Reference>{{"n", "s", 3}}));
  EXPECT_EQ(json::write(to_json(*input)),
            R"({"schema":"x","schemaType":"JSON","references":[{"name":"n","subject":"s","version":3}],"id":4})");
  EXPECT_EQ(schema_input_from(*json::parse(R"({"schema":1})")).error().message, "\"schema\" must be a string");
  const auto change = put_config_from(*json::parse(R"({"compatibility":"FULL","normalize":null})"));
  ASSERT_TRUE(change);
  EXPECT_EQ(**change->level, "FULL");
  EXPECT_TRUE(change->normalize && !*change->normalize);
  EXPECT_FALSE(change->alias);
  EXPECT_EQ(json::write(to_json(*change)), R"({"compatibility":"FULL","normalize":null})");
}

}  // namespace
}  // namespace thalweg::registry
