#include "console/schema_texts.h"

#include <gtest/gtest.h>

namespace thalweg::console {
namespace {

TEST(SchemaTexts, WhatFitsStandsOnOneLineAndTheRestOnOneEach) {
  EXPECT_EQ(laid_out_json(R"({"type":"fixed","name":"F","size":4})"), R"({"type": "fixed", "name": "F", "size": 4})");
  EXPECT_EQ(laid_out_json(R"({"type":"record","name":"Order","fields":[{"name":"id","type":"long"},)"
                          R"({"name":"status","type":"string","default":"CREATED"},{"name":"items","type":[]}]})"),
            R"({
  "type": "record",
  "name": "Order",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "status", "type": "string", "default": "CREATED"},
    {"name": "items", "type": []}
  ]
})");
  EXPECT_EQ(laid_out_json(R"({"fields":[{"a":1}],"type":["null",{"a":1}]})"),
            "{\n  \"fields\": [\n    {\"a\": 1}\n  ],\n  \"type\": [\"null\", {\"a\": 1}]\n}");
  EXPECT_EQ(laid_out_json("\"string\""), "\"string\"");
}

TEST(SchemaTexts, NumbersNamesAndOrderStayAsTheyAreWritten) {
  const std::string text = R"({"b":9223372036854775807,"a":1.0,"a":1e0,"é":"\n"})";
  EXPECT_EQ(laid_out_json(text), R"({"b": 9223372036854775807, "a": 1.0, "a": 1e0, "é": "\n"})");
  EXPECT_EQ(laid_out_json("{"), std::nullopt);
  EXPECT_EQ(laid_out(SchemaLanguage::kProtobuf, "message A {}\n"), "message A {}\n");
}

TEST(SchemaTexts, EachReasonIsAFindingWithItsCodeAndPlace) {
  const auto verdict = verdict_in(
      {"{errorType:'TYPE_MISMATCH', description:'the type at '/fields/0/type' of the new schema cannot take what the "
       "old schema has there', additionalInfo:'INT cannot be read as STRING'}",
       "{errorType:\"MAX_LENGTH_ADDED\", description:\"'#/maxLength': from the old to the new schema, max length "
       "added\"}",
       "{oldSchemaVersion: 3}", "{oldSchema: '{\"type\":\"string\"}'}",
       "{validateFields: 'false', compatibility: 'BACKWARD'}"});
  ASSERT_EQ(verdict.findings.size(), 2u);
  EXPECT_EQ(verdict.findings[0].code, "TYPE_MISMATCH");
  EXPECT_EQ(verdict.findings[0].path, "/fields/0/type");
  EXPECT_EQ(verdict.findings[0].message,
            "the type at '/fields/0/type' of the new schema cannot take what the old schema has there");
  EXPECT_EQ(verdict.findings[0].more, "INT cannot be read as STRING");
  EXPECT_EQ(verdict.findings[1].code, "MAX_LENGTH_ADDED");
  EXPECT_EQ(verdict.findings[1].path, "#/maxLength");
  EXPECT_EQ(verdict.findings[1].more, std::nullopt);
  EXPECT_EQ(verdict.against, 3);
}

TEST(SchemaTexts, WhatIsSpelledOtherwiseIsSaidInItsOwnWords) {
  for (const std::string text : {"a was reserved: leave it in", "", "{errorType:", "{errorType:'A'", "{errorType:'A}",
                                 "{oldSchemaVersion: x}", "description:'", "'/"}) {
    const auto verdict = verdict_in({text});
    if (text.starts_with("{oldSchemaVersion")) {
      EXPECT_EQ(verdict.against, std::nullopt);
      continue;
    }
    ASSERT_EQ(verdict.findings.size(), 1u) << text;
    EXPECT_EQ(verdict.findings[0].message, text);
  }
}

}  // namespace
}  // namespace thalweg::console
