#include "http/url.h"

#include <gtest/gtest.h>

#include "http/target.h"

namespace thalweg::http {
namespace {

std::string parsed(std::string_view text) {
  const auto url = parse_url(text, 8081);
  return url ? url->text() : "error: " + url.error().message;
}

TEST(Url, IsAsPeopleWriteIt) {
  EXPECT_EQ(parsed("http://localhost:8081"), "http://localhost:8081");
  EXPECT_EQ(parsed("http://localhost:8081/"), "http://localhost:8081");
  EXPECT_EQ(parsed("localhost"), "http://localhost:8081");
  EXPECT_EQ(parsed("registry.example:80/api/v1/"), "http://registry.example:80/api/v1");
  EXPECT_EQ(parsed("http://registry"), "http://registry:80") << "with a scheme the port is the scheme's";
  EXPECT_EQ(parsed("http://[::1]:8081"), "http://[::1]:8081");
  EXPECT_EQ(parsed("[::1]"), "http://[::1]:8081");
}

TEST(Url, SaysWhatIsWrongAndTellsNoPassword) {
  for (const char* text : {"", "http://", "http://:8081", "http://a:0", "http://a:99999", "http://a:b", "http://[::1",
                           "http://[::1]x", "http://a b", "ftp://a", "http://a/b c", "http://a/?x", "http://a\r\nX: y"})
    EXPECT_TRUE(parsed(text).starts_with("error: ")) << text << ": " << parsed(text);
  EXPECT_TRUE(parsed("https://a").contains("https"));
  EXPECT_TRUE(parsed("http://ann:secret@a").contains("passwords are not there yet"));
  EXPECT_FALSE(parsed("http://ann:secret@a").contains("secret"));
}

TEST(PercentEncoded, KeepsANameInOneSegment) {
  EXPECT_EQ(percent_encoded("users-value_1.~"), "users-value_1.~");
  EXPECT_EQ(percent_encoded(":.ctx:a/b c\xff"), "%3A.ctx%3Aa%2Fb%20c%FF");
  EXPECT_EQ(percent_decoded(percent_encoded("a/b %\xff")), "a/b %\xff");
}

}  // namespace
}  // namespace thalweg::http
