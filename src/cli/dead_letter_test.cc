#include "cli/dead_letter.h"

#include <gtest/gtest.h>

#include "cli/testing.h"

namespace thalweg::cli {
namespace {

admin::ConsumedRecord letter_from(const std::string& topic, const std::string& error) {
  admin::ConsumedRecord record{.partition = {"dlq.orders", PartitionId{0}}, .offset = Offset{3}};
  record.key = "ann";
  record.value = "apple";
  record.headers = {{"trace", "7"},
                    {"__dlq.errors.topic", "older"},
                    {"__dlq.errors.topic", topic},
                    {"__dlq.errors.partition", "2"},
                    {"__dlq.errors.offset", "40"},
                    {"__dlq.errors.group", "billing"},
                    {"__dlq.errors.delivery.count", "3"},
                    {"__dlq.errors.message", "no stock"},
                    {"__dlq.errors.exception", error},
                    {"__dlq.errors.timestamp", "1700000000000"},
                    {"__dlq.errors.time", "2026-01-31T12:00:00Z"},
                    {"__dlq.errors.something.new", std::nullopt},
                    {"empty", std::nullopt}};
  return record;
}

TEST(DeadLetter, SaysWhereItComesFromAndWhyItDied) {
  const auto letter = dead_letter_in(letter_from("orders", "_TIMED_OUT"));
  EXPECT_EQ(letter.topic, "orders") << "of several the last, as the toolkit reads it";
  EXPECT_EQ(letter.partition, "2");
  EXPECT_EQ(letter.offset, "40");
  EXPECT_EQ(letter.group, "billing");
  EXPECT_EQ(letter.attempts, "3");
  EXPECT_EQ(letter.message, "no stock");
  EXPECT_EQ(letter.error, "_TIMED_OUT");
  EXPECT_EQ(letter.timestamp, "1700000000000");
  EXPECT_EQ(letter.time, "2026-01-31T12:00:00Z");
  EXPECT_EQ(dead_letter_in({}).topic, std::nullopt);
}

TEST(DeadLetter, BecomesTheRecordThatItWas) {
  const auto original = sent_back(letter_from("orders", "_TIMED_OUT"), "orders");
  EXPECT_EQ(original.topic, "orders");
  EXPECT_EQ(original.key, "ann");
  EXPECT_EQ(original.value, "apple");
  EXPECT_EQ(original.partition, std::nullopt) << "by its key, as it was sent first";
  const std::vector<admin::Header> left{
      {"trace", "7"}, {"empty", std::nullopt}, {"thalweg-replay-of", "dlq.orders/0/3"}, {"thalweg-replay-count", "1"}};
  EXPECT_EQ(original.headers, left);
  EXPECT_EQ(own_headers(letter_from("orders", "_TIMED_OUT")),
            (std::vector<admin::Header>{{"trace", "7"}, {"empty", std::nullopt}}));
}

TEST(DeadLetter, OfOthersBecomesTheRecordThatItWasToo) {
  admin::ConsumedRecord record{.partition = {"orders-dlt", PartitionId{0}}, .offset = Offset{3}};
  record.value = "apple";
  record.headers = {{"trace", "7"},
                    {"kafka_dlt-original-topic", "orders"},
                    {"kafka_dlt-original-partition", std::string("\0\0\0\x02", 4)},
                    {"kafka_dlt-exception-fqcn", "java.lang.IllegalStateException"}};
  const auto letter = dead_letter_in(record);
  EXPECT_EQ(letter.partition, "2");
  EXPECT_EQ(letter.error, "java.lang.IllegalStateException");
  EXPECT_EQ(own_headers(record), (std::vector<admin::Header>{{"trace", "7"}}));
  EXPECT_EQ(sent_back(record, "orders").headers.front(), (admin::Header{"trace", "7"}));
}

TEST(UtcText, IsWhatPeopleAndProgramsRead) {
  EXPECT_EQ(utc_text(1700000000123), "2023-11-14T22:13:20Z");
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(kNoTimestamp), std::nullopt);
}

// Whether the filter of these --where takes the letter.
bool takes(std::vector<std::string> where, const std::string& topic, const std::string& error) {
  OptionParser parser;
  LetterFilter::declare(parser);
  std::vector<std::string> arguments;
  for (auto& text : where) arguments.insert(arguments.end(), {"--where", std::move(text)});
  const auto options = parser.parse(arguments);
  CHECK(options);
  platform::TestShards shards;
  FakeTerminal terminal;
  admin::Client client(shards[0], {});
  bool misused = false;
  const auto filter = LetterFilter::of(
      Session{.context = {shards[0], terminal}, .options = *options, .client = client, .misused = misused});
  CHECK(filter);
  return filter->takes(dead_letter_in(letter_from(topic, error)));
}

TEST(LetterFilter, TakesOneOfTheErrorsFromOneOfTheOrigins) {
  EXPECT_TRUE(takes({}, "orders", "UNKNOWN"));
  EXPECT_TRUE(takes({"error=UNKNOWN"}, "orders", "UNKNOWN"));
  EXPECT_FALSE(takes({"error=UNKNOWN"}, "orders", "_TIMED_OUT"));
  EXPECT_TRUE(takes({"error=UNKNOWN", "error=_TIMED_OUT"}, "orders", "_TIMED_OUT"));
  EXPECT_TRUE(takes({"origin=orders"}, "orders", "UNKNOWN"));
  EXPECT_FALSE(takes({"origin=orders"}, "payments", "UNKNOWN"));
  EXPECT_TRUE(takes({"origin=orders:2"}, "orders", "UNKNOWN"));
  EXPECT_FALSE(takes({"origin=orders:1"}, "orders", "UNKNOWN"));
  EXPECT_FALSE(takes({"origin=orders", "error=UNKNOWN"}, "orders", "_TIMED_OUT"));
}

TEST(Dlq, RefusesWhatMakesNoSenseBeforeItConnects) {
  const std::vector<Arguments> all{
      {"list", "dlq.t"},
      {"list", "--from", "yesterday"},
      {"show"},
      {"show", "dlq.t", "--count", "0"},
      {"show", "dlq.t", "--from", "+1"},
      {"show", "dlq.t", "--where", "UNKNOWN"},
      {"show", "dlq.t", "--where", "error="},
      {"show", "dlq.t", "--where", "origin=:1"},
      {"show", "dlq.t", "--where", "origin=t:x"},
      {"show", "dlq.t", "--where", "origin=t:-1"},
      {"replay"},
      {"replay", "dlq.t", "--to", ""},
      {"replay", "dlq.t", "--to", "dlq.t"},
      {"replay", "dlq.t", "--group", ""},
      {"replay", "dlq.t", "--count", "0"},
  };
  for (Arguments arguments : all) {
    std::string shown;
    for (const auto& word : arguments) shown += word + " ";
    arguments.insert(arguments.begin(), "dlq");
    arguments.insert(arguments.end(), {"--brokers", "127.0.0.1:1", "--timeout", "100"});
    const auto ran = run_tool(run_thalweg, arguments);
    EXPECT_EQ(ran.code, 2) << shown << ran.err;
    EXPECT_EQ(ran.out, "") << shown;
  }
}

}  // namespace
}  // namespace thalweg::cli
