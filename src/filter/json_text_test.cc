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

// Member by member.
JsonMember walked_to(std::string_view text, std::string_view name) {
  JsonMember member;
  JsonWalk walk(text);
  while (++member.steps, walk.next())
    if (unescaped(walk.quoted_key()) == name) {
      member.value = walk.value();
      break;
    }
  return member;
}

TEST(JsonText, FindsTheMemberThatAWalkFinds) {
  std::mt19937_64 random(5);
  static constexpr std::string_view kNames[] = {"a", "qty", "price", "user", "\\u0061", "x{y", ""};
  static constexpr std::string_view kBetween[] = {",", ",", ",", " , ", ",\n"};
  int in_front = 0, whole = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = "{";
    for (auto left = random() % 5; left > 0; --left) {
      text.append("\"").append(kNames[random() % std::size(kNames)]).append(random() % 8 ? "\":" : "\" : ");
      text += random_json(random, random() % 4 ? 0 : 2);
      if (left > 1) text += kBetween[random() % std::size(kBetween)];
    }
    const std::size_t size = text.size() + 1;
    text += "},{\"qty\":1}" + std::string(random() % 80, ']');
    const std::string_view name = random() % 2 ? "qty" : "a";
    const auto wanted = walked_to(text, name), found = find_member(text, name, 100);
    ASSERT_EQ(found.value.data(), wanted.value.data()) << text;
    ASSERT_EQ(found.steps, wanted.steps) << text;
    if (found.object > 0) ASSERT_EQ(found.object, size) << text;
    in_front += found.value.empty() ? 0 : 1;
    whole += found.object > 0 ? 1 : 0;
  }
  EXPECT_GT(in_front, 1000);
  EXPECT_GT(whole, 1000);
  EXPECT_EQ(find_member(R"({"a":1,"b":2,"c":3})", "c", 2).steps, 3u);
  EXPECT_TRUE(find_member(R"({"a":1,"b":2,"c":3})", "c", 2).value.empty());
}

TEST(JsonText, EscapesSayWhatTheyMean) {
  EXPECT_EQ(unescaped(R"("\b\f\n\r\t\\\"\/")"), "\b\f\n\r\t\\\"/");
  EXPECT_EQ(unescaped(R"("\u0041\u00e9\u20ac\ud83d\ude00")"), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(unescaped(R"("\ud83d")"), "\xef\xbf\xbd");
  EXPECT_EQ(unescaped(R"("\ud83dx\udc00")"), "\xef\xbf\xbdx\xef\xbf\xbd");
  EXPECT_EQ(unescaped(R"("\q\u12")"), R"(\q\u12)");
  EXPECT_TRUE(has_escapes(R"("\q")"));
}

TEST(JsonText, AStringSaysWhatItIsWithoutItsEscapes) {
  EXPECT_TRUE(says(R"("qty")", "qty"));
  EXPECT_FALSE(says(R"("sku")", "qty"));
  EXPECT_FALSE(says(R"("quantity")", "qty"));
  EXPECT_FALSE(says(R"("q")", "qty"));
  EXPECT_TRUE(says(R"("\u0071ty")", "qty"));
  EXPECT_FALSE(says(R"("\u0072ty")", "qty"));
  EXPECT_TRUE(says(R"("")", ""));
  EXPECT_TRUE(says(R"("a\q")", R"(a\q)")) << "that escape is none";
  EXPECT_FALSE(says(R"("a\n")", R"(a\n)")) << "that one is a line's end";
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_json(random, 0), other = random_json(random, 0);
    if (text.front() != '"' || other.front() != '"') continue;
    EXPECT_TRUE(says(text, unescaped(text))) << text;
    EXPECT_EQ(says(text, unescaped(other)), unescaped(text) == unescaped(other)) << text << ' ' << other;
  }
}

}  // namespace
}  // namespace thalweg::filter
