// Against a walk that goes byte by byte, over texts made at random; and the places where blocks of 64 bytes meet.
#include "filter/json_text.h"

#include <gtest/gtest.h>

#include <random>

namespace thalweg::filter {
namespace {

// A JSON value at random, with brackets, quotes and backslashes in its strings.
std::string random_json(std::mt19937_64& random, int depth) {
  static constexpr std::string_view kBits[] = {"a",    "{", "}", "[", "]",       "\\\"",
                                               "\\\\", ",", ":", " ", "\\u005d", "\xc3\xa9"};
  const auto string = [&] {
    std::string text = "\"";
    for (auto left = random() % 40; left > 0; --left) text += kBits[random() % std::size(kBits)];
    return text + "\"";
  };
  const auto kind = random() % (depth > 0 ? 5 : 3);
  if (kind == 0) return string();
  if (kind == 1) return std::to_string(std::int64_t(random()));
  if (kind == 2) return random() % 2 ? "true" : "null";
  std::string text(1, kind == 3 ? '[' : '{');
  for (auto left = random() % 6; left > 0; --left) {
    if (kind == 4) text += string() + (random() % 2 ? ":" : " : ");
    text += random_json(random, depth - 1) + (left > 1 ? "," : "");
  }
  return text + (kind == 3 ? "]" : "}");
}

TEST(JsonText, FindsTheEndOfEveryValue) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::string value = random_json(random, 4);
    EXPECT_EQ(value_size(value), value.size()) << value;
    EXPECT_EQ(value_size(value + ",\"}]"), value.size()) << value;
    const bool is_word = value.front() != '{' && value.front() != '[' && value.front() != '"';
    if (!is_word) EXPECT_EQ(value_size(value.substr(0, value.size() - 1)), std::nullopt) << value;
  }
}

TEST(JsonText, BackslashesCountAcrossBlocks) {
  for (std::size_t before = 0; before < 140; ++before)
    for (std::size_t backslashes = 0; backslashes < 5; ++backslashes) {
      const std::string text = "{\"k\":\"" + std::string(before, 'x') + std::string(2 * backslashes, '\\') + "\\\"}\"}";
      EXPECT_EQ(value_size(text + "}"), text.size()) << before << ' ' << backslashes;
    }
}

TEST(JsonText, WalksMembersAndElementsInOrder) {
  JsonWalk object(R"({"a" : 1 , "b\"c":[{"x":2}],"a":3} )");
  std::string seen;
  while (object.next())
    seen += std::string(object.quoted_key()) + "=" +
            std::string(object.value().substr(0, *value_size(object.value()))) + ";";
  EXPECT_EQ(seen, R"("a"=1;"b\"c"=[{"x":2}];"a"=3;)");
  JsonWalk empty("[ ]");
  EXPECT_FALSE(empty.next());
  JsonWalk cut("[1,");
  EXPECT_TRUE(cut.next());
  EXPECT_FALSE(cut.next());
}

TEST(JsonText, EscapesSayWhatTheyMean) {
  EXPECT_EQ(unescaped(R"("\b\f\n\r\t\\\"\/")"), "\b\f\n\r\t\\\"/");
  EXPECT_EQ(unescaped(R"("\u0041\u00e9\u20ac\ud83d\ude00")"), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(unescaped(R"("\ud83d")"), "\xef\xbf\xbd");
  EXPECT_EQ(unescaped(R"("\ud83dx\udc00")"), "\xef\xbf\xbdx\xef\xbf\xbd");
  EXPECT_EQ(unescaped(R"("\q\u12")"), R"(\q\u12)");
  EXPECT_TRUE(has_escapes(R"("\q")"));
}

}  // namespace
}  // namespace thalweg::filter
