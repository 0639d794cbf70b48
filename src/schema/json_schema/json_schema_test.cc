#include "schema/json_schema/json_schema.h"

#include <gtest/gtest.h>

#include "schema/compatibility.h"
#include "schema/limits.h"

namespace thalweg::schema::json_schema {
namespace {

using Lines = std::vector<std::string>;

ParsedSchemaPtr read(std::string_view text, const std::vector<Dependency>& dependencies = {}) {
  auto parsed = schema::parse(Type::kJson, text, dependencies);
  EXPECT_TRUE(parsed) << text << "\n" << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : nullptr;
}
std::string why_not(std::string_view text) {
  auto parsed = schema::parse(Type::kJson, text);
  return parsed ? "read: " + (*parsed)->text() : parsed.error().message;
}
// "TYPE path" of each change, those that are incompatible with a mark.
Lines changes(std::string_view original, std::string_view update, Policy policy = Policy::kStrict) {
  const auto comparison = compare(*read(original), *read(update), policy);
  Lines all;
  if (comparison.failure) all.push_back("FAILED " + *comparison.failure);
  for (const auto& difference : comparison.differences)
    all.push_back((difference.compatible ? "" : "! ") + difference.type + " " + difference.path);
  return all;
}

TEST(JsonSchemaText, IsReprintedCompactlyInItsOrder) {
  EXPECT_EQ(read(R"({ "type": "object", "a": 1.0, "$schema": "http://json-schema.org/draft-07/schema#" })")->text(),
            R"({"type":"object","a":1.0,"$schema":"http://json-schema.org/draft-07/schema#"})");
  EXPECT_EQ(read(R"({"b":1,"a":{"d":1,"c":2}})")->normalized().value(), R"({"a":{"c":2,"d":1},"b":1})");
  EXPECT_EQ(read("true")->text(), "true");
}

TEST(JsonSchemaText, RefusesWhatIsNoSchema) {
  EXPECT_EQ(why_not("{"), "not JSON: line 1, column 2: a key in quotes is missing");
  EXPECT_EQ(why_not("7"), "a schema is an object, true or false, not number");
  EXPECT_EQ(why_not(R"({"type":"strin"})"), "\"strin\" is no type of JSON Schema");
  EXPECT_EQ(why_not(R"({"properties":[]})"), "properties is an object");
  EXPECT_EQ(why_not(R"({"allOf":{}})"), "allOf is an array");
  EXPECT_EQ(why_not(R"({"enum":1})"), "an enum is an array");
  EXPECT_EQ(why_not(R"({"$ref":"other.json"})"), "the $ref \"other.json\" leads to nothing");
  EXPECT_EQ(why_not(R"({"$ref":"#/definitions/x"})"), "the $ref \"#/definitions/x\" leads to nothing");
  EXPECT_EQ(why_not(R"({"$ref":"#"})"), "a $ref that leads to nothing but itself");
  EXPECT_EQ(why_not(R"({"patternProperties":{"(":{}}})"), "\"(\" is no regular expression, or too long a one");
  EXPECT_NE(why_not(std::string(250, '[') + std::string(250, ']')).find("nested more than 200 deep"),
            std::string::npos);
  EXPECT_NE(why_not("{}" + std::string(kTextMax, ' ')).find("at most"), std::string::npos);
}

TEST(JsonSchemaText, FollowsReferencesByPointerAnchorIdAndName) {
  const std::string_view string = R"({"type":"string"})", number = R"({"type":"number"})";
  const auto same = [](const ParsedSchemaPtr& schema, std::string_view as) {
    const auto comparison = compare(*read(as), *schema);
    return comparison.compatible();
  };
  EXPECT_TRUE(same(read(R"({"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"string"}}})"), string));
  EXPECT_TRUE(same(read(R"({"$ref":"#/definitions/a%20b","definitions":{"a b":{"type":"string"}}})"), string));
  EXPECT_TRUE(same(read(R"({"$ref":"#here","definitions":{"x":{"$anchor":"here","type":"string"}}})"), string));
  EXPECT_TRUE(same(
      read(
          R"({"$schema":"https://json-schema.org/draft/2020-12/schema","allOf":[{"$ref":"http://e.com/b.json"}],"$defs":{"x":{"$id":"http://e.com/b.json","type":"string"}}})"),
      string));
  const std::vector<Dependency> others = {
      {.name = "other.json", .text = R"({"definitions":{"n":{"type":"number"}},"type":"string"})"}};
  EXPECT_TRUE(same(read(R"({"$ref":"other.json"})", others), string));
  EXPECT_TRUE(same(read(R"({"$ref":"other.json#/definitions/n"})", others), number));
  EXPECT_TRUE(same(read(R"({"$id":"http://e.com/main.json","$ref":"other.json"})",
                        {{.name = "http://e.com/other.json", .text = std::string(number)}}),
                   number));
}

std::string object(std::string_view more) { return R"({"type":"object")" + std::string(more) + "}"; }

TEST(JsonSchemaDiff, JudgesNewPropertiesByHowOpenTheOldObjectWas) {
  const std::string a = R"(,"properties":{"a":{"type":"string"}})";
  const std::string ab = R"(,"properties":{"a":{"type":"string"},"b":{"type":"string"}})";
  EXPECT_EQ(changes(object(a), object(ab)), Lines{"! OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b"});
  EXPECT_EQ(changes(object(a), object(ab), Policy::kLenient),
            Lines{"OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/b"});
  const std::string closed = R"(,"additionalProperties":false)";
  EXPECT_EQ(changes(object(a + closed), object(ab + closed)),
            Lines{"OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/b"});
  EXPECT_EQ(changes(object(ab + closed), object(a + closed)),
            Lines{"! PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/b"});
  EXPECT_EQ(changes(object(ab), object(a)), Lines{"PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL #/properties/b"});
  const std::string strings = R"(,"additionalProperties":{"type":"string"})";
  EXPECT_EQ(changes(object(ab + strings), object(a + strings)),
            Lines{"PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b"});
  const std::string pattern = R"(,"patternProperties":{"^b":{"type":"string"}})";
  EXPECT_EQ(changes(object(a + pattern), object(ab + pattern)),
            (Lines{"PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/b",
                   "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/b"}));
}

TEST(JsonSchemaDiff, JudgesWhatIsRequired) {
  const std::string a = R"(,"properties":{"a":{"type":"string"}})", needs = R"(,"required":["a"])";
  EXPECT_EQ(changes(object(a), object(a + needs)), Lines{"! REQUIRED_ATTRIBUTE_ADDED #/required/a"});
  EXPECT_EQ(changes(object(a + needs), object(a)), Lines{"REQUIRED_ATTRIBUTE_REMOVED #/required/a"});
  const std::string with_default = R"(,"properties":{"a":{"type":"string","default":"x"}})";
  EXPECT_EQ(changes(object(with_default), object(with_default + needs)),
            Lines{"REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED #/required/a"});
  EXPECT_EQ(changes(object(R"(,"additionalProperties":true)"), object(R"(,"additionalProperties":false)")),
            Lines{"! ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties"});
}

TEST(JsonSchemaDiff, JudgesBoundsTypesAndValues) {
  const auto number = [](std::string_view more) { return R"({"type":"number")" + std::string(more) + "}"; };
  EXPECT_EQ(changes(number(R"(,"maximum":1)"), number(R"(,"maximum":1.5)")), Lines{"MAXIMUM_INCREASED #/maximum"});
  EXPECT_EQ(changes(number(R"(,"minimum":1)"), number(R"(,"minimum":1.0)")), Lines{});
  EXPECT_EQ(changes(number(R"(,"multipleOf":0.5)"), number(R"(,"multipleOf":0.50)")), Lines{});
  EXPECT_EQ(changes(number(R"(,"multipleOf":0.3)"), number(R"(,"multipleOf":0.1)")),
            Lines{"MULTIPLE_OF_REDUCED #/multipleOf"});
  EXPECT_EQ(changes(number(R"(,"multipleOf":2)"), number(R"(,"multipleOf":6)")),
            Lines{"! MULTIPLE_OF_EXPANDED #/multipleOf"});
  EXPECT_EQ(changes(R"({"type":"integer"})", number("")), Lines{"TYPE_EXTENDED #/"});
  EXPECT_EQ(changes(number(""), R"({"type":"integer"})"), Lines{"! TYPE_NARROWED #/"});
  EXPECT_EQ(changes(number(""), R"({"type":"string"})"), Lines{"! TYPE_CHANGED #/"});
  EXPECT_EQ(changes(number(""), "true"), Lines{});
  EXPECT_EQ(changes("false", number("")), Lines{});
  EXPECT_EQ(changes(R"({"type":"string","pattern":"a"})", R"({"type":"string","pattern":"b","maxLength":3})"),
            (Lines{"! MAX_LENGTH_ADDED #/maxLength", "! PATTERN_CHANGED #/pattern"}));
  EXPECT_EQ(changes(R"({"enum":[1,"a"]})", R"({"enum":["a",1.0,null]})"), Lines{"ENUM_ARRAY_EXTENDED #/enum"});
  EXPECT_EQ(changes(R"({"enum":[1,2]})", R"({"enum":[1]})"), Lines{"! ENUM_ARRAY_NARROWED #/enum"});
  EXPECT_EQ(changes(R"({"not":{"type":"string"}})", R"({"not":{"type":"number"}})"),
            Lines{"! NOT_TYPE_EXTENDED #/not"});
  EXPECT_EQ(changes(R"({"title":"a","type":"null"})", R"({"title":"b","type":"null"})"), Lines{"TITLE_CHANGED #/"});
}

TEST(JsonSchemaDiff, JudgesTuplesInEveryDraft) {
  EXPECT_EQ(changes(R"({"type":"array","items":[{"type":"string"}],"additionalItems":false})",
                    R"({"type":"array","items":[{"type":"string"},{"type":"null"}],"additionalItems":false})"),
            Lines{"ITEM_ADDED_TO_CLOSED_CONTENT_MODEL #/items/1"});
  EXPECT_EQ(changes(R"({"type":"array","prefixItems":[{"type":"string"}],"items":false})",
                    R"({"type":"array","prefixItems":[],"items":false})"),
            Lines{"! ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/0"});
  EXPECT_EQ(changes(R"({"type":"array","items":{"type":"integer"}})", R"({"type":"array","items":{"type":"number"}})"),
            Lines{"TYPE_EXTENDED #/items"});
}

TEST(JsonSchemaDiff, PairsPartsOfCombinationsAsWellAsTheyCanBe) {
  EXPECT_EQ(changes(R"({"oneOf":[{"type":"string"},{"type":"integer"}]})",
                    R"({"oneOf":[{"type":"number"},{"type":"string"}]})"),
            Lines{"TYPE_EXTENDED #/oneOf/1"});
  EXPECT_EQ(changes(R"({"oneOf":[{"type":"string"},{"type":"null"}]})", R"({"oneOf":[{"type":"string"}]})"),
            Lines{"! SUM_TYPE_NARROWED #/"});
  EXPECT_EQ(changes(R"({"type":"string"})", R"({"oneOf":[{"type":"null"},{"type":"string"}]})"),
            Lines{"SUM_TYPE_EXTENDED #/"});
  EXPECT_EQ(
      changes(R"({"allOf":[{"type":"string"},{"type":"null"}]})", R"({"anyOf":[{"type":"boolean"},{"type":"null"}]})"),
      (Lines{"COMBINED_TYPE_EXTENDED #/", "! COMBINED_TYPE_SUBSCHEMAS_CHANGED #/"}));
  EXPECT_EQ(changes(R"({"type":["string","null"]})", R"({"type":["string","null","number"]})"),
            Lines{"SUM_TYPE_EXTENDED #/"});
  // A greedy pairing would give the only partner of the second to the first.
  EXPECT_EQ(changes(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})",
                    R"({"oneOf":[{"type":"number"},{"type":"integer"}]})"),
            Lines{});
}

TEST(JsonSchemaDiff, FindsWhatACircleWouldHide) {
  const auto tree = [](std::string_view type) {
    return R"({"$ref":"#/definitions/t","definitions":{"t":{"type":"object","additionalProperties":false,"properties":{"l":{"$ref":"#/definitions/t"},"v":{"type":")" +
           std::string(type) + R"("}}}}})";
  };
  EXPECT_EQ(changes(tree("integer"), tree("number")), Lines{"TYPE_EXTENDED #/properties/v"});
  const auto changed = changes(tree("integer"), tree("string"));
  EXPECT_NE(std::ranges::find(changed, "! TYPE_CHANGED #/properties/v"), changed.end());
}

TEST(JsonSchemaDiff, SaysWhatAndWhereAndWhatToDo) {
  const auto told = [](std::string_view original, std::string_view update, Policy policy = Policy::kStrict) {
    const auto comparison = compare(*read(original), *read(update), policy);
    return comparison.differences.empty() ? std::string() : comparison.differences[0].message;
  };
  const std::string open = object(""), with_a = object(R"(,"properties":{"a":{"type":"string"}})");
  EXPECT_EQ(
      told(open, with_a),
      "{errorType:\"OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL\", description:\"'#/properties/a': from the old "
      "to the new schema, optional property added to open content model: data of the old schema may have anything "
      "under this name; policy LENIENT lets it pass\"}");
  EXPECT_EQ(told(open, with_a, Policy::kLenient).find("LENIENT"), std::string::npos) << "for it has let it pass";
  EXPECT_EQ(told(R"({"type":"string"})", R"({"type":"string","maxLength":3})"),
            "{errorType:\"MAX_LENGTH_ADDED\", description:\"'#/maxLength': from the old to the new schema, max length "
            "added\"}");
  const auto forward = compare(*read("{\"type\":\"number\"}"), *read("{\"type\":\"integer\"}"), Policy::kStrict,
                               {.reader = "old", .writer = "new"});
  EXPECT_EQ(forward.differences.at(0).message,
            "{errorType:\"TYPE_NARROWED\", description:\"'#/': from the new to the old schema, type narrowed: the old "
            "schema has to allow all that the new schema allows\"}");
}

TEST(JsonSchemaDiff, IsBounded) {
  // Every definition is any of all of them, in another order on the other side.
  const auto web = [](int n, bool backwards) {
    std::string text = R"({"$ref":"#/definitions/d0","definitions":{)";
    for (int i = 0; i < n; ++i) {
      text += fmt::format(R"({}"d{}":{{"anyOf":[)", i ? "," : "", i);
      for (int j = 0; j < n; ++j)
        text += fmt::format(R"({}{{"type":"object","properties":{{"p{}":{{"$ref":"#/definitions/d{}"}}}}}})",
                            j ? "," : "", j, backwards ? n - 1 - j : j);
      text += "]}";
    }
    return text + "}}";
  };
  const auto before = read(web(40, false)), after = read(web(40, true));
  (void)compare(*before, *after);  // ends: without a bound nobody would live to see it
  // A pattern that takes exponentially long to fail.
  const std::string evil = object(R"(,"patternProperties":{"^(a+)+$":{"type":"string"}})");
  const std::string name(60, 'a');
  EXPECT_FALSE(Pattern("^(a+)+$").finds(name + "!"));
  EXPECT_TRUE(Pattern("^(a+)+$").finds(name));
  EXPECT_FALSE(changes(evil, object(R"(,"properties":{")" + name + R"(!":{"type":"string"}})")).empty());
}

}  // namespace
}  // namespace thalweg::schema::json_schema
