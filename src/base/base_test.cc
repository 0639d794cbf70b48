#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/endian.h"
#include "base/error_code.h"
#include "base/log.h"
#include "base/result.h"
#include "base/types.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "base/varint.h"

namespace thalweg {
namespace {

TEST(Crc32c, MatchesTheCheckValueOfTheStandard) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xe3069283u);
}

TEST(Uuid, PrintsAndParsesAsKafkaDoes) {
  const Uuid u{0x0123456789abcdef, 0xfedcba9876543210};
  EXPECT_EQ(to_string(u), "ASNFZ4mrze_-3LqYdlQyEA");
  EXPECT_EQ(Uuid::parse("ASNFZ4mrze_-3LqYdlQyEA"), u);
  EXPECT_EQ(to_string(Uuid{}), "AAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_FALSE(Uuid::parse("too short"));
  EXPECT_FALSE(Uuid::parse("ASNFZ4mrze_-3LqYdlQy!A"));
}

TEST(Uuid, ARandomOneNeverBeginsWithADashAndRoundTrips) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Uuid u = Uuid::from_random(i * 0x9e3779b97f4a7c15ULL, ~i * 0xbf58476d1ce4e5b9ULL);
    EXPECT_NE(to_string(u)[0], '-');
    EXPECT_EQ(Uuid::parse(to_string(u)), u);
  }
}

TEST(Varint, RoundTripsTheEdges) {
  std::byte buffer[kMaxVarint64];
  for (const std::int64_t v : {0L, 1L, -1L, 63L, -64L, 64L, 300L, INT64_MAX, INT64_MIN}) {
    const std::size_t n = write_varint(buffer, zigzag(v));
    EXPECT_EQ(n, varint_size(zigzag(v)));
    const auto read = read_varint(BytesView(buffer, n), kMaxVarint64);
    ASSERT_TRUE(read);
    EXPECT_EQ(unzigzag(read->value), v);
    EXPECT_EQ(read->size, n);
    EXPECT_FALSE(read_varint(BytesView(buffer, n - 1), kMaxVarint64));
  }
}

TEST(Endian, StoresTheHighByteFirst) {
  std::byte buffer[4];
  store_be<std::int32_t>(buffer, 0x01020304);
  EXPECT_EQ(buffer[0], std::byte{1});
  EXPECT_EQ(load_be<std::int32_t>(buffer), 0x01020304);
}

TEST(ErrorCode, KnowsItsNamesAndWhatIsWorthRetrying) {
  EXPECT_EQ(name(ErrorCode::kNotLeaderOrFollower), "NOT_LEADER_OR_FOLLOWER");
  EXPECT_TRUE(is_retriable(ErrorCode::kNotLeaderOrFollower));
  EXPECT_FALSE(is_retriable(ErrorCode::kMessageTooLarge));
  EXPECT_EQ(name(static_cast<ErrorCode>(999)), "UNKNOWN_ERROR_CODE");
}

Result<int> half(int n) {
  if (n % 2) return fail(ErrorCode::kInvalidRequest, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  TRY(const int h, half(n));
  TRY(const int q, half(h));
  return q;
}
TEST(Result, TryHandsTheErrorUp) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(SharedBytes, ASliceKeepsTheMemoryAlive) {
  SharedBytes slice;
  {
    const SharedBytes whole = SharedBytes::copy_of("hello world");
    slice = whole.slice(6, 5);
  }
  EXPECT_EQ(slice.text(), "world");
}

// The line without its timestamp.
std::string logged(log::Format format, std::string_view value) {
  log::set_format(format);
  testing::internal::CaptureStderr();
  log::warn("event", field("value", value), field("n", 7));
  log::set_format(log::Format::kText);
  const std::string line = testing::internal::GetCapturedStderr();
  return line.substr(line.find(format == log::Format::kJson ? "\"level" : "WARN"));
}

TEST(Log, QuotesWhatAReaderOrATerminalWouldMisunderstand) {
  EXPECT_EQ(logged(log::Format::kText, "plain"), "WARN  event value=plain n=7\n");
  EXPECT_EQ(logged(log::Format::kText, ""), "WARN  event value=\"\" n=7\n");
  EXPECT_EQ(logged(log::Format::kText, "a b=c"), "WARN  event value=\"a b=c\" n=7\n");
  EXPECT_EQ(logged(log::Format::kText, "a\nWARN"), "WARN  event value=\"a\\u000aWARN\" n=7\n");
  EXPECT_EQ(logged(log::Format::kText, "\x1b[2J"), "WARN  event value=\"\\u001b[2J\" n=7\n");
  EXPECT_EQ(logged(log::Format::kJson, "a\"b"),
            "\"level\":\"WARN\",\"event\":\"event\",\"value\":\"a\\\"b\",\"n\":7}\n");
}

std::string value_in(log::Format format, std::string_view value) {
  const std::string line = logged(format, value);
  const auto begin =
      line.find(format == log::Format::kJson ? "\"value\":" : "value=") + (format == log::Format::kJson ? 8 : 6);
  return line.substr(begin, line.find(format == log::Format::kJson ? ",\"n\"" : " n=7") - begin);
}

// What clients send and damaged files hold.
TEST(Log, LetsNoByteOfOthersActOnATerminalOrBreakALine) {
  const auto text = [](std::string_view value) { return value_in(log::Format::kText, value); };
  const auto json = [](std::string_view value) { return value_in(log::Format::kJson, value); };
  EXPECT_EQ(text("Grüße-日本-😀"), "Grüße-日本-😀");
  EXPECT_EQ(text("a\x7f"), R"("a\u007f")");
  EXPECT_EQ(text("a\xc2\x9b"
                 "2J"),
            R"("a\u009b2J")")
      << "a control sequence begins with this, too";
  EXPECT_EQ(text("gpj.\u202etxt"), R"("gpj.\u202etxt")");
  EXPECT_EQ(text("a\u2028b\ufeff"), R"("a\u2028b\ufeff")");
  EXPECT_EQ(text("\xff\xfe"), R"("\xff\xfe")");
  EXPECT_EQ(text(std::string_view("a\0b", 3)), R"("a\u0000b")");
  EXPECT_EQ(json("\xff\\\xed\xa0\x80"), R"("\\xff\\\\xed\\xa0\\x80")") << "valid JSON; surrogates are no text";
  EXPECT_EQ(json("\xc2\x9b\x1b"), R"("\u009b\u001b")");
}

TEST(Log, WritesOneLineOfPrintableTextWhateverTheBytes) {
  std::uint32_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    std::string value;
    for (int i = 0; i < 12; ++i) {
      state = state * 1664525 + 1013904223;
      value += static_cast<char>(round % 2 ? state >> 24 : 0x80 | state >> 26);
    }
    for (const auto format : {log::Format::kText, log::Format::kJson}) {
      const std::string shown = value_in(format, value);
      std::string_view line = shown;
      ASSERT_TRUE(is_utf8(line)) << round;
      for (; !line.empty(); line.remove_prefix(first_code_point(line).size))
        ASSERT_FALSE(is_invisible(first_code_point(line).value)) << round;
    }
  }
}

}  // namespace
}  // namespace thalweg
