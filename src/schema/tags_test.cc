#include "schema/tags.h"

#include <gtest/gtest.h>

namespace thalweg::schema {
namespace {

const std::string kUser =
    R"({"type":"record","name":"User","namespace":"shop","fields":[)"
    R"({"name":"mail","type":"string"},)"
    R"({"name":"home","type":["null",{"type":"record","name":"Address","fields":[{"name":"street","type":"string"}]}]}]})";

EntityTags field(std::string path, std::vector<std::string> tags) { return {{std::move(path), true}, std::move(tags)}; }
EntityTags record(std::string path, std::vector<std::string> tags) {
  return {{std::move(path), false}, std::move(tags)};
}

TEST(Tags, OfAvroAreFoundByFullNames) {
  const auto text = change_tags(Type::kAvro, kUser,
                                {.add = {field(".shop.User.mail", {"PII", "PII"}), record("shop.Address", {"PLACE"}),
                                         field("shop.Address.street", {"PII"})}});
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_TRUE(text->contains(R"({"name":"mail","type":"string","confluent:tags":["PII"]})")) << *text;
  EXPECT_EQ(tags_in(Type::kAvro, *text),
            (std::vector{field("shop.User.mail", {"PII"}), record("shop.Address", {"PLACE"}),
                         field("shop.Address.street", {"PII"})}));
}

TEST(Tags, AreAddedOnceAndTakenAway) {
  const auto two = change_tags(Type::kAvro, kUser, {.add = {field("shop.User.mail", {"A", "B"})}});
  const auto still = change_tags(Type::kAvro, *two, {.add = {field("shop.User.mail", {"B"})}});
  EXPECT_EQ(*still, *two);
  const auto one = change_tags(Type::kAvro, *two, {.add = {}, .remove = {field("shop.User.mail", {"A", "C"})}});
  EXPECT_EQ(tags_in(Type::kAvro, *one), std::vector{field("shop.User.mail", {"B"})});
  const auto none = change_tags(Type::kAvro, *one, {.add = {}, .remove = {field("shop.User.mail", {"B"})}});
  EXPECT_EQ(*none, kUser) << "the member goes with the last one";
}

TEST(Tags, OfJsonSchemaAreFoundByWhereTheyAre) {
  const std::string schema =
      R"({"type":"object","properties":{"mail":{"type":"string"},)"
      R"("homes":{"type":"array","items":{"type":"object","properties":{"street":{"type":"string"}}}},)"
      R"("pay":{"oneOf":[{"type":"null"},{"type":"object","properties":{"card":{"type":"string"}}}]}},)"
      R"("definitions":{"D":{"type":"object","properties":{"x":{"type":"integer"}}}}})";
  const std::vector paths = {"object.mail", "object.homes.array.object.street", "object.pay.oneof.1.object.card",
                             "object.definitions.D.object.x"};
  std::string text = schema;
  for (const auto* path : paths) {
    auto changed = change_tags(Type::kJson, text, {.add = {field(path, {"T"})}});
    ASSERT_TRUE(changed) << changed.error().message;
    text = *changed;
  }
  const auto found = tags_in(Type::kJson, text);
  ASSERT_EQ(found.size(), paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(found[i], field(paths[i], {"T"}));
  EXPECT_TRUE(change_tags(Type::kJson, schema, {.add = {record("object", {"T"})}}));
}

TEST(Tags, OfWhatIsNotThereAreAnError) {
  const auto nowhere = change_tags(Type::kAvro, kUser, {.add = {field("shop.User.phone", {"T"})}});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().message, "the schema has no field 'shop.User.phone'");
  EXPECT_FALSE(change_tags(Type::kAvro, kUser, {.add = {record("shop.User.mail", {"T"})}})) << "it is a field";
  EXPECT_FALSE(change_tags(Type::kAvro, "{", {.add = {record("R", {"T"})}}));
  EXPECT_FALSE(change_tags(Type::kProtobuf, "message M {}", {.add = {record("M", {"T"})}}));
  EXPECT_TRUE(tags_in(Type::kProtobuf, "message M {}").empty());
  EXPECT_TRUE(tags_in(Type::kAvro, "{").empty());
}

}  // namespace
}  // namespace thalweg::schema
