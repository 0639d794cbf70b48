#include "http/request_parser.h"

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {

constexpr std::size_t kHeaderMax = 1024;

struct Parsed {
  RequestHead head;
  std::string body, rest;
  int refused = 0;
  bool done = false;
};

// In pieces of `at_once` bytes, as a connection may give them.
Parsed parse(std::string_view text, std::size_t at_once = SIZE_MAX, std::size_t body_max = 100) {
  RequestParser parser(kHeaderMax);
  Parsed out;
  std::string unread;
  while (!parser.is_done()) {
    const auto taken = parser.put(unread);
    if (!taken) {
      out.refused = taken.error().status;
      return out;
    }
    unread.erase(0, *taken);
    if (parser.has_head()) parser.set_body_max(body_max);
    if (*taken > 0) continue;
    if (text.empty()) break;
    unread += text.substr(0, at_once);
    text.remove_prefix(std::min(at_once, text.size()));
  }
  out.done = parser.is_done();
  if (parser.has_head()) out.head = parser.take_head();
  out.body = parser.take_body();
  out.rest = unread + std::string(text);
  return out;
}
int refusal(std::string_view text) { return parse(text).refused; }

TEST(RequestParser, ReadsTheSameHoweverTheBytesCome) {
  constexpr std::string_view kText =
      "POST /subjects/a%2Fb HTTP/1.1\r\nHost: localhost:8081\r\nContent-Type: application/json\r\nContent-Length: "
      "5\r\n\r\nhelloGET / HTTP/1.1\r\n";
  for (std::size_t at_once = 1; at_once <= kText.size(); ++at_once) {
    const auto parsed = parse(kText, at_once);
    ASSERT_TRUE(parsed.done) << at_once;
    EXPECT_EQ(parsed.head.method, "POST");
    EXPECT_EQ(parsed.head.target, "/subjects/a%2Fb");
    EXPECT_EQ(parsed.head.headers.find("content-TYPE"), "application/json");
    EXPECT_EQ(parsed.head.content_length, 5u);
    EXPECT_EQ(parsed.body, "hello");
    EXPECT_EQ(parsed.rest, "GET / HTTP/1.1\r\n");
  }
}

TEST(RequestParser, ReadsChunksAndForgetsTrailers) {
  constexpr std::string_view kText =
      "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nHost: "
      "b\r\n\r\nnext";
  for (std::size_t at_once = 1; at_once <= kText.size(); ++at_once) {
    const auto parsed = parse(kText, at_once);
    ASSERT_TRUE(parsed.done) << at_once;
    EXPECT_TRUE(parsed.head.chunked);
    EXPECT_EQ(parsed.body, "abcde");
    EXPECT_EQ(parsed.head.headers.count("Host"), 1u);
    EXPECT_EQ(parsed.rest, "next");
  }
}

TEST(RequestParser, KnowsWhoKeepsTheConnection) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head.keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").head.keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").head.keep_alive);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").head.minor_version, 0);
}

TEST(RequestParser, RefusesWhatCouldBeReadInTwoWays) {
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), 400);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesWhatIsNoRequest) {
  EXPECT_EQ(refusal("\x16\x03\x01\x02 TLS hello\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
}

TEST(RequestParser, AHeadHasABound) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string fits = head + std::string(kHeaderMax - head.size() - 4, 'x') + "\r\n\r\n";
  for (const std::size_t at_once : {std::size_t(1), std::size_t(7), SIZE_MAX}) {
    EXPECT_TRUE(parse(fits, at_once).done);
    EXPECT_EQ(parse(head + std::string(kHeaderMax, 'x') + "\r\n\r\n", at_once).refused, 431);
    EXPECT_EQ(parse("GET /" + std::string(kHeaderMax, 'x'), at_once).refused, 431);
    EXPECT_EQ(
        parse("GET /" + std::string(kHeaderMax - 100, 'x') + " HTTP/1.1\r\nHost: " + std::string(200, 'x') + "\r\n\r\n",
              at_once)
            .refused,
        431);
  }
}

TEST(RequestParser, ABodyHasABoundAndReservesNothing) {
  EXPECT_EQ(
      parse("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x')).refused,
      413);
  EXPECT_TRUE(parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x')).done);
  // Nobody has so much memory, and nobody asks for it before it comes.
  const auto claimed =
      parse("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\nab", SIZE_MAX, SIZE_MAX);
  EXPECT_EQ(claimed.body, "ab");
  EXPECT_FALSE(claimed.done);
}

TEST(RequestParser, AChunksLineHasABound) {
  EXPECT_EQ(
      parse("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(3 * kHeaderMax, 'x'), 64)
          .refused,
      400);
}

TEST(HttpDate, IsThatOfRfc9110) {
  EXPECT_EQ(http_date(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(-1), "");
}

}  // namespace
}  // namespace thalweg::http
