#include "http/target.h"

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {
using Segments = std::vector<std::string>;

TEST(Target, IsSplitBeforeItIsDecoded) {
  EXPECT_EQ(parse_target("/subjects/a%2Fb/versions")->segments, (Segments{"subjects", "a/b", "versions"}));
  EXPECT_EQ(parse_target("/a%20b/%C3%A9")->segments, (Segments{"a b", "\xc3\xa9"}));
  EXPECT_EQ(parse_target("/a+b")->segments, Segments{"a+b"});
}

TEST(Target, OneSlashAtTheEndCountsNothing) {
  EXPECT_EQ(parse_target("/")->segments, Segments{});
  EXPECT_EQ(parse_target("/a/")->segments, Segments{"a"});
  EXPECT_EQ(parse_target("/a//b")->segments, (Segments{"a", "", "b"}));
}

TEST(Target, OfAProxyIsThePath) {
  EXPECT_EQ(parse_target("http://host:9644/metrics?x=1")->segments, Segments{"metrics"});
  EXPECT_EQ(parse_target("http://host")->segments, Segments{});
  EXPECT_FALSE(parse_target("*"));
  EXPECT_FALSE(parse_target("host:443"));
  EXPECT_FALSE(parse_target(""));
}

TEST(Target, QueryIsDecodedPartByPart) {
  const auto target = parse_target("/a?x=1%262&flag&empty=&y=a+b&&x=3#part");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->query, (Query{{"x", "1&2"}, {"flag", ""}, {"empty", ""}, {"y", "a b"}, {"x", "3"}}));
}

TEST(Target, EscapesThatAreNoneAreRefused) {
  for (const char* text : {"/%", "/%2", "/%zz", "/a?x=%g0", "/a?%=1"}) EXPECT_FALSE(parse_target(text)) << text;
}

}  // namespace
}  // namespace thalweg::http
