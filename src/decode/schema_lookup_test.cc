#include "decode/schema_lookup.h"

#include <gtest/gtest.h>

#include <map>

#include "json/parser.h"

namespace thalweg::decode {
namespace {

using Wanted = SchemaLookup::Wanted;

// A registry: what it answers to "id" or "subject/version".
class SchemaLookupTest : public testing::Test {
 protected:
  void has(const std::string& place, const std::string& text, const std::vector<std::string>& refers_to = {}) {
    std::string references;
    for (const auto& subject : refers_to)
      references += (references.empty() ? "" : ",") +
                    (R"({"name":"the )" + subject + R"(","subject":")" + subject + R"(","version":1})");
    answers_[place] = R"({"schema":")" + text + R"(","references":[)" + references + "]}";
  }
  void answers(const std::string& place, std::string json) { answers_[place] = std::move(json); }
  Result<SchemaLookup::Found> look_up(std::int32_t id) {
    SchemaLookup lookup(id);
    while (const auto& wanted = lookup.next()) {
      const std::string place = wanted->subject.empty() ? std::to_string(wanted->id)
                                                        : wanted->subject + "/" + std::to_string(wanted->version);
      ++asked[place];
      const auto answer = json::parse(answers_.at(place));
      CHECK(answer);
      TRY_VOID(lookup.take(*answer));
    }
    return std::move(lookup).found();
  }
  static std::vector<std::string> texts(const SchemaLookup::Found& found) {
    std::vector<std::string> texts;
    for (const auto& one : found.needed) texts.push_back(one.text);
    return texts;
  }

  std::map<std::string, int> asked;

 private:
  std::map<std::string, std::string> answers_;
};

TEST_F(SchemaLookupTest, ASchemaAloneIsOneQuestion) {
  answers("7", R"({"schema":"syntax","schemaType":"PROTOBUF"})");
  const auto found = look_up(7);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, schema::Type::kProtobuf);
  EXPECT_EQ(found->text, "syntax");
  EXPECT_TRUE(found->needed.empty());
}

TEST_F(SchemaLookupTest, WhatIsReferredToComesBeforeWhoRefersToIt) {
  has("1", "top", {"a", "b"});
  has("a/1", "A", {"c"});
  has("b/1", "B", {"c", "a"});
  has("c/1", "C");
  const auto found = look_up(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, "top");
  EXPECT_EQ(texts(*found), (std::vector<std::string>{"C", "A", "B"}));
  EXPECT_EQ(found->needed[0], (schema::Dependency{"the c", "C", "c", 1}));
  for (const auto& [place, times] : asked) EXPECT_EQ(times, 1) << place;
}

TEST_F(SchemaLookupTest, NeitherACircleNorAChainNorACrowdIsFollowedForEver) {
  has("1", "top", {"a"});
  has("a/1", "A", {"b"});
  has("b/1", "B", {"a"});
  EXPECT_EQ(look_up(1).error().message, "references are nested too deep");
  EXPECT_LE(asked["a/1"] + asked["b/1"], int(SchemaLookup::kDepthMax) + 1);

  std::vector<std::string> crowd;
  for (std::size_t i = 0; i <= SchemaLookup::kReferencesMax; ++i) {
    crowd.push_back("s" + std::to_string(i));
    has(crowd.back() + "/1", "S");
  }
  has("2", "top", crowd);
  EXPECT_EQ(look_up(2).error().message, "it needs too many others");
  crowd.pop_back();
  has("3", "top", crowd);
  EXPECT_TRUE(look_up(3));

  for (std::size_t i = 0; i < SchemaLookup::kDepthMax; ++i)
    has("c" + std::to_string(i) + "/1", "C",
        i + 1 < SchemaLookup::kDepthMax ? std::vector{"c" + std::to_string(i + 1)} : std::vector<std::string>());
  has("4", "top", {"c0"});
  EXPECT_TRUE(look_up(4));
}

TEST_F(SchemaLookupTest, WhatIsNoAnswerIsRefused) {
  for (const auto* broken :
       {R"({"schemaType":"COBOL"})", R"({"references":[{}]})", R"({"references":[{"name":"a","subject":"b"}]})",
        R"({"references":[{"name":"a","subject":"b","version":"1"}]})",
        R"({"references":[{"name":"a","subject":"b","version":4294967297}]})",
        R"({"references":[{"name":"a","subject":"","version":1}]})", R"({"references":[null]})"}) {
    answers("1", broken);
    EXPECT_FALSE(look_up(1)) << broken;
  }
  for (const auto* little : {"{}", "null", "[]", R"({"references":{}})"}) {
    answers("1", little);
    EXPECT_TRUE(look_up(1)) << little;
  }
}

}  // namespace
}  // namespace thalweg::decode
