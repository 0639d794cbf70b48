#include <gtest/gtest.h>

#include <random>

#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::json {
namespace {

Value read(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value.value_or(nullptr);
}
std::string why_not(std::string_view text, Limits limits = {}) {
  auto value = parse(text, limits);
  return value ? "read: " + write(*value) : value.error().message;
}

TEST(Json, KeepsTheOrderOfMembersAndTheSpellingOfNumbers) {
  const std::string text = R"({"z":1,"a":1.0,"m":[1e3,-0,9223372036854775807,0.10],"e":{},"f":[],"t":true,"n":null})";
  EXPECT_EQ(write(read(text)), text);
  EXPECT_NE(read("1"), read("1.0"));
  EXPECT_EQ(read("9223372036854775807").if_number()->as_int64(), 9223372036854775807);
  EXPECT_EQ(read("9223372036854775808").if_number()->as_int64(), std::nullopt);
  EXPECT_EQ(read("1.0").if_number()->as_int64(), std::nullopt);
  EXPECT_EQ(read("1e999").if_number()->as_double(), std::nullopt);
  EXPECT_EQ(read("25e-1").if_number()->as_double(), 2.5);
}

TEST(Json, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(why_not(""), "line 1, column 1: the text ends where a value should begin");
  EXPECT_EQ(why_not("{\"a\":1,\n \"b\":}"), "line 2, column 6: not a JSON value");
  EXPECT_EQ(why_not("[1,]"), "line 1, column 4: not a JSON value");
  EXPECT_EQ(why_not("[1 2]"), "line 1, column 4: ',' or ']' is missing");
  EXPECT_EQ(why_not("01"), "line 1, column 2: a number must not begin with 0");
  EXPECT_EQ(why_not("1."), "line 1, column 3: a digit is missing");
  EXPECT_EQ(why_not("1 1"), "line 1, column 3: something follows the value");
  EXPECT_EQ(why_not("\"é\xff\""), "line 1, column 3: not well-formed UTF-8");
  EXPECT_EQ(why_not("\"\xed\xa0\x80\""), "line 1, column 2: not well-formed UTF-8") << "a surrogate in UTF-8";
  EXPECT_EQ(why_not(R"("\ud800")"), "line 1, column 2: half a surrogate pair");
  EXPECT_EQ(why_not(R"("\ud800A")"), "line 1, column 2: half a surrogate pair");
  EXPECT_EQ(why_not(R"("\udc00")"), "line 1, column 2: half a surrogate pair");
  EXPECT_EQ(why_not(R"("\x")"), "line 1, column 2: not an escape of JSON");
  EXPECT_EQ(why_not("\"a\nb\""), "line 1, column 3: a control character in a string must be escaped");
  EXPECT_EQ(why_not("\xef\xbb\xbf{}"), "line 1, column 1: not a JSON value");
  EXPECT_EQ(why_not("\"abc"), "line 1, column 5: the text ends within a string");
  for (const auto* text :
       {"nul", "+1", ".5", "NaN", "-", "1e", "{a:1}", "{\"a\" 1}", "{\"a\":1,}", "// x\n1", "[", "{"})
    EXPECT_TRUE(why_not(text).starts_with("line 1, column")) << text;
}

TEST(Json, RefusesAKeyTwiceUnlessAsked) {
  EXPECT_EQ(why_not(R"([{"a":1,"b":2,"a":3}])"), "line 1, column 2: the object has the key \"a\" twice");
  const auto value = parse(R"({"a":1,"b":2,"a":3})", {.duplicates = true});
  ASSERT_TRUE(value);
  EXPECT_EQ(value->if_object()->duplicate(), "a");
  EXPECT_EQ(*value->find("a"), Value(3)) << "the last one counts";
}

TEST(Json, BoundsDepthAndBytes) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(why_not(nested(256)), "read: " + nested(256));
  EXPECT_EQ(why_not(nested(257)), "line 1, column 257: nested more than 256 deep");
  EXPECT_EQ(why_not(std::string(1'000'000, '[')), "line 1, column 257: nested more than 256 deep");
  EXPECT_EQ(why_not("[1,2]", {.bytes = 4}), "line 1, column 1: 5 bytes of JSON; at most 4 are read");
  EXPECT_EQ(why_not("[12]", {.bytes = 4}), "read: [12]");
}

TEST(Json, EscapesAsJacksonDoes) {
  EXPECT_EQ(write(Value(std::string("\"\\/\b\f\n\r\t\x1f\0é\x7f", 13))),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001F\\u0000é\x7f\"");
  EXPECT_EQ(quoted("a\xff!"), "\"a\xEF\xBF\xBD!\"");
  EXPECT_EQ(quoted("\xed\xa0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"") << "half of a surrogate pair";
  EXPECT_EQ(quoted("ä€😀"), "\"ä€😀\"");
  EXPECT_EQ(read(R"("😀é\/")"), Value("😀é/"));
}

TEST(Json, PrintsPretty) {
  EXPECT_EQ(write_pretty(read(R"({"a":[1,{"b":null}],"c":{},"d":[]})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
}

TEST(Json, KnowsWhatIsTheSameInOtherWords) {
  EXPECT_TRUE(equivalent(read(R"({"a":1,"b":[0.50,1e2]})"), read(R"({"b":[5e-1,100],"a":1.0})")));
  EXPECT_FALSE(equivalent(read("[1,2]"), read("[2,1]")));
  EXPECT_FALSE(equivalent(read(R"({"a":1})"), read(R"({"a":1,"b":1})")));
  EXPECT_TRUE(equivalent(read("-0.0"), read("0")));
}

TEST(Json, ComparesDecimalsExactly) {
  const auto order = [](const char* a, const char* b) { return compare(decimal({a}), decimal({b})); };
  EXPECT_EQ(order("0.1", "0.10"), std::strong_ordering::equal);
  EXPECT_EQ(order("9007199254740993", "9007199254740992"), std::strong_ordering::greater);
  EXPECT_EQ(order("-2", "-1"), std::strong_ordering::less);
  EXPECT_EQ(order("-1", "0"), std::strong_ordering::less);
  EXPECT_EQ(order("1e400", "2e399"), std::strong_ordering::greater);
  EXPECT_EQ(order("12", "1.3e1"), std::strong_ordering::less);
  EXPECT_EQ(order("1e99999999999999999999", "1"), std::strong_ordering::greater);
}

// Random trees, as deep and as odd as the types allow.
Value any_value(std::mt19937_64& random, int depth) {
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto text = [&] {
    static const std::vector<std::string> kParts = {"a", "\"", "\\", "\n", "é", "😀", "/", "\x01", std::string(1, '\0'),
                                                    " "};
    std::string s;
    for (auto n = below(6); n > 0; --n) s += kParts[below(kParts.size())];
    return s;
  };
  switch (below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return below(2) == 0;
    case 2:
      return static_cast<std::int64_t>(random());
    case 3:
      return Number{std::to_string(below(100)) + "." + std::to_string(below(100)) + "e-" + std::to_string(below(9))};
    case 4:
      return text();
    case 5: {
      Array array;
      for (auto n = below(5); n > 0; --n) array.push_back(any_value(random, depth - 1));
      return array;
    }
    default: {
      Object object;
      for (auto n = below(5); n > 0; --n) object.add(text(), any_value(random, depth - 1));
      return object;
    }
  }
}

TEST(Json, ReadsWhatItWrites) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 3000; ++i) {
    const Value value = any_value(random, 5);
    const auto compact = parse(write(value), {.duplicates = true});
    ASSERT_TRUE(compact) << write(value) << compact.error().message;
    ASSERT_EQ(*compact, value);
    const auto pretty = parse(write_pretty(value), {.duplicates = true});
    ASSERT_TRUE(pretty && *pretty == value) << write_pretty(value);
  }
}

// A text that is cut anywhere is an error and nothing else.
TEST(Json, RefusesEveryPrefix) {
  const std::string text = R"({"a":[1.5e+3,"xAé",{"b":null}],"c":true})";
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse(text.substr(0, size))) << size;
}

TEST(Json, SetsAddsAndErases) {
  Object object = Object::of({{"a", 1}, {"b", 2}});
  object.set("a", 3);
  object.set("c", "x");
  EXPECT_TRUE(object.erase("b"));
  EXPECT_FALSE(object.erase("b"));
  EXPECT_EQ(write(object), R"({"a":3,"c":"x"})");
}

}  // namespace
}  // namespace thalweg::json
