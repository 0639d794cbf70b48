#include "http/response_parser.h"

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {

constexpr std::size_t kHeadMax = 1024, kTextMax = 100;

struct ParsedResponse {
  ResponseHead head;
  std::string body, rest;
  std::optional<ErrorCode> failed;
};

// In pieces of `at_once` bytes, as a connection may give them, and then the end.
ParsedResponse parse_response(std::string_view text, std::size_t at_once = SIZE_MAX, std::size_t body_max = kTextMax) {
  ResponseParser parser(kHeadMax, body_max);
  ParsedResponse out;
  std::string unread;
  while (!parser.is_done()) {
    const auto taken = parser.put(unread);
    if (!taken) {
      out.failed = taken.error().code;
      return out;
    }
    unread.erase(0, *taken);
    if (*taken > 0) continue;
    if (text.empty()) {
      const auto ended = parser.put_end();
      if (!ended) out.failed = ended.error().code;
      break;
    }
    unread += text.substr(0, at_once);
    text.remove_prefix(std::min(at_once, text.size()));
  }
  if (parser.has_head()) out.head = parser.take_head();
  out.body = parser.take_body();
  out.rest = unread + std::string(text);
  return out;
}
std::optional<ErrorCode> failure(std::string_view text) { return parse_response(text).failed; }

TEST(ResponseParser, ReadsTheSameHoweverTheBytesCome) {
  constexpr std::string_view kText =
      "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n";
  for (std::size_t at_once = 1; at_once <= kText.size(); ++at_once) {
    const auto parsed = parse_response(kText, at_once);
    EXPECT_FALSE(parsed.failed) << at_once;
    EXPECT_EQ(parsed.head.status, 409);
    EXPECT_EQ(parsed.head.headers.find("content-TYPE"), "application/json");
    EXPECT_EQ(parsed.body, "hello");
    EXPECT_EQ(parsed.rest, "HTTP/1.1 200 OK\r\n");
  }
}

TEST(ResponseParser, ReadsChunksAndForgetsTrailers) {
  constexpr std::string_view kText =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: b\r\n\r\nnext";
  for (std::size_t at_once = 1; at_once <= kText.size(); ++at_once) {
    const auto parsed = parse_response(kText, at_once);
    EXPECT_FALSE(parsed.failed) << at_once;
    EXPECT_EQ(parsed.body, "abcde");
    EXPECT_EQ(parsed.head.headers.count("X"), 0u);
    EXPECT_EQ(parsed.rest, "next");
  }
}

TEST(ResponseParser, NoChunksButTheLastAreAnEmptyBodyInAnyPieces) {
  constexpr std::string_view kText = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nnext";
  for (std::size_t at_once = 1; at_once <= kText.size(); ++at_once) {
    const auto parsed = parse_response(kText, at_once);
    EXPECT_FALSE(parsed.failed) << at_once;
    EXPECT_EQ(parsed.body, "");
    EXPECT_EQ(parsed.rest, "next");
  }
}

TEST(ResponseParser, TrailersHaveTheSameBoundInAnyPieces) {
  const auto with_trailer = [](std::size_t bytes) {
    const std::string start = "0\r\nX: ", end = "\r\n\r\n";
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + start +
           std::string(bytes - start.size() - end.size(), 'x') + end;
  };
  for (const std::size_t at_once : {std::size_t(1), std::size_t(7), kHeadMax, SIZE_MAX}) {
    EXPECT_FALSE(parse_response(with_trailer(kHeadMax), at_once).failed) << at_once;
    EXPECT_EQ(parse_response(with_trailer(kHeadMax + 1), at_once).failed, ErrorCode::kMessageTooLarge) << at_once;
  }
}

TEST(ResponseParser, ABodyWithoutALengthEndsWithTheConnection) {
  EXPECT_EQ(parse_response("HTTP/1.0 200 OK\r\n\r\nall of it").body, "all of it");
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").failed, std::nullopt);
}

TEST(ResponseParser, SomeAnswersHaveNoBody) {
  EXPECT_EQ(parse_response("HTTP/1.1 204 No Content\r\n\r\nnext").rest, "next");
  EXPECT_EQ(parse_response("HTTP/1.1 100 Continue\r\n\r\nnext").rest, "next");
}

TEST(ResponseParser, AnAnswerThatStopsInTheMiddleIsNone) {
  constexpr auto kCut = ErrorCode::kNetworkException;
  EXPECT_EQ(failure(""), kCut);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Le"), kCut);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), kCut);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), kCut);
}

TEST(ResponseParser, RefusesWhatIsNoResponseOrCouldBeReadInTwoWays) {
  constexpr auto kBad = ErrorCode::kCorruptMessage;
  EXPECT_EQ(failure("\x15\x03\x03\x01\x02\x02\x46\r\n\r\n"), kBad);
  EXPECT_EQ(failure("SSH-2.0-OpenSSH_9.2\r\n\r\n"), kBad);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), kBad);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), kBad);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), kBad);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), kBad);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), kBad);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), kBad);
}

TEST(ResponseParser, HeadBodyAndChunksHaveBounds) {
  constexpr auto kLarge = ErrorCode::kMessageTooLarge;
  const std::string head = "HTTP/1.1 200 OK\r\nX: ";
  for (const std::size_t at_once : {std::size_t(1), std::size_t(7), SIZE_MAX}) {
    EXPECT_FALSE(parse_response(head + std::string(kHeadMax - head.size() - 4, 'x') + "\r\n\r\n", at_once).failed);
    EXPECT_EQ(parse_response(head + std::string(kHeadMax, 'x') + "\r\n\r\n", at_once).failed, kLarge);
  }
  EXPECT_FALSE(failure("HTTP/1.1 200 OK\r\n\r\n" + std::string(kTextMax, 'x')));
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\n\r\n" + std::string(kTextMax + 1, 'x')), kLarge);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x')), kLarge);
  EXPECT_EQ(
      parse_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(3 * kHeadMax, 'x'), 64)
          .failed,
      kLarge);
  // Nobody has so much memory, and nobody asks for it before it comes.
  EXPECT_EQ(
      parse_response("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nab", SIZE_MAX, SIZE_MAX).failed,
      ErrorCode::kNetworkException);
}

}  // namespace
}  // namespace thalweg::http
