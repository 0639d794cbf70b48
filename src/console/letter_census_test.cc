#include "console/letter_census.h"

#include <gtest/gtest.h>

namespace thalweg::console {
namespace {

void add(LetterCensus& census, std::int64_t offset, std::int64_t time, std::string_view topic, std::string_view error,
         std::string_view message) {
  const std::vector<letters::HeaderBytes> headers{
      {"__dlq.errors.topic", topic}, {"__dlq.errors.exception", error}, {"__dlq.errors.message", message}};
  census.count({.partition = 0, .offset = offset, .timestamp = time}, headers);
}

TEST(LetterCensus, TellsCausesApartAndNumbersInMessagesDoNot) {
  LetterCensus census;
  add(census, 0, 300, "orders", "UNKNOWN", "order 4711 has no stock");
  add(census, 1, 100, "orders", "UNKNOWN", "order 5 has no stock");
  add(census, 2, 200, "orders", "_TIMED_OUT", "order 5 has no stock");
  add(census, 3, 200, "users", "UNKNOWN", "order 5 has no stock");
  census.count({0, 4, 900}, {});
  const auto causes = census.causes();
  ASSERT_EQ(causes.size(), 4u);
  EXPECT_EQ(causes[0].count, 2);
  EXPECT_EQ(causes[0].message, "order 4711 has no stock") << "of the newest";
  EXPECT_EQ(causes[0].offset, 0);
  EXPECT_EQ(causes[0].first_at, 100);
  EXPECT_EQ(causes[0].last_at, 300);
  EXPECT_EQ(causes[0].family, LetterFamily::kToolkit);
  EXPECT_EQ(causes[1].last_at, 900) << "of equally many the one with the newest";
  EXPECT_EQ(causes[1].family, std::nullopt);
  EXPECT_EQ(census.looked_at(), 5);
}

TEST(LetterCensus, NoTwoCausesReadAlike) {
  LetterCensus census;
  add(census, 0, 1, "a", "b", "c");
  add(census, 1, 1, "a1:b", "", "c");
  add(census, 2, 1, "ab", "", "c");
  EXPECT_EQ(census.causes().size(), 3u);
}

TEST(LetterCensus, KeepsABoundWhateverIsWritten) {
  LetterCensus census;
  for (int i = 0; i < 1000; ++i)
    add(census, i, i, std::string(100 + std::size_t(i), 'x'), "E", std::string(1 << 16, 'y'));
  const auto causes = census.causes();
  EXPECT_EQ(causes.size(), LetterCensus::kCausesMax);
  for (const auto& cause : causes) {
    EXPECT_LE(cause.origin->size(), LetterCensus::kTextMax);
    EXPECT_LE(cause.message->size(), LetterCensus::kTextMax);
  }
  std::int32_t told = 0;
  for (const auto& cause : causes) told += cause.count;
  EXPECT_EQ(told + census.others(), 1000);
}

}  // namespace
}  // namespace thalweg::console
