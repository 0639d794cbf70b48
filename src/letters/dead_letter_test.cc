#include "letters/dead_letter.h"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg::letters {
namespace {
using namespace std::string_view_literals;

using Headers = std::vector<HeaderBytes>;

TEST(DeadLetters, OfTheToolkitSayAllThatShareGroupsSayAndTheError) {
  const Headers headers{{"trace", "7"},
                        {"__dlq.errors.topic", "older"},
                        {"__dlq.errors.topic", "orders"},
                        {"__dlq.errors.partition", "2"},
                        {"__dlq.errors.offset", "40"},
                        {"__dlq.errors.group", "billing"},
                        {"__dlq.errors.delivery.count", "3"},
                        {"__dlq.errors.message", "no stock"},
                        {"__dlq.errors.exception", "_TIMED_OUT"},
                        {"__dlq.errors.timestamp", "1700000000000"},
                        {"__dlq.errors.time", "2026-01-31T12:00:00Z"}};
  const auto letter = dead_letter_in(headers);
  EXPECT_EQ(letter.family, Family::kToolkit);
  EXPECT_EQ(letter.topic, "orders");
  EXPECT_EQ(letter.partition, "2");
  EXPECT_EQ(letter.offset, "40");
  EXPECT_EQ(letter.group, "billing");
  EXPECT_EQ(letter.attempts, "3");
  EXPECT_EQ(letter.message, "no stock");
  EXPECT_EQ(letter.error, "_TIMED_OUT");
  EXPECT_EQ(letter.timestamp, "1700000000000");
  EXPECT_EQ(letter.time, "2026-01-31T12:00:00Z");
}

TEST(DeadLetters, OfShareGroupsMayLackTheRecord) {
  const auto letter = dead_letter_in(Headers{{"__dlq.errors.topic", "orders"},
                                             {"__dlq.errors.partition", "0"},
                                             {"__dlq.errors.offset", "7"},
                                             {"__dlq.errors.group", "workers"},
                                             {"__dlq.errors.delivery.count", "5"},
                                             {"__dlq.errors.message", "Offset rejected by client."}});
  EXPECT_EQ(letter.family, Family::kShareGroup);
  EXPECT_EQ(letter.error, std::nullopt);
  EXPECT_TRUE(lacks_record(letter, false, false));
  EXPECT_FALSE(lacks_record(letter, false, true));
  EXPECT_FALSE(lacks_record(letter, true, false)) << "a tombstone of that key";
  const auto ours = dead_letter_in(Headers{{"__dlq.errors.topic", "orders"}, {"__dlq.errors.exception", "UNKNOWN"}});
  EXPECT_FALSE(lacks_record(ours, false, false)) << "the toolkit copies always";
}

TEST(DeadLetters, OfStreamsHaveTheClassWithoutTheMessage) {
  const auto letter = dead_letter_in(Headers{{"__streams.errors.exception", "java.lang.RuntimeException: no: stock"},
                                             {"__streams.errors.message", "no: stock"},
                                             {"__streams.errors.stacktrace", "at a\nat b"},
                                             {"__streams.errors.topic", "orders"},
                                             {"__streams.errors.partition", "1"},
                                             {"__streams.errors.offset", "12"}});
  EXPECT_EQ(letter.family, Family::kStreams);
  EXPECT_EQ(letter.error, "java.lang.RuntimeException");
  EXPECT_EQ(letter.message, "no: stock");
  EXPECT_EQ(letter.stacktrace, "at a\nat b");
  EXPECT_EQ(letter.offset, "12");
}

TEST(DeadLetters, OfConnectNameTheConnector) {
  const auto letter =
      dead_letter_in(Headers{{"__connect.errors.topic", "orders"},
                             {"__connect.errors.partition", "3"},
                             {"__connect.errors.offset", "99"},
                             {"__connect.errors.connector.name", "warehouse-sink"},
                             {"__connect.errors.task.id", "0"},
                             {"__connect.errors.stage", "VALUE_CONVERTER"},
                             {"__connect.errors.exception.class.name", "org.apache.kafka.connect.errors.DataException"},
                             {"__connect.errors.exception.message", "Converting byte[] failed"},
                             {"__connect.errors.exception.stacktrace", "at c"}});
  EXPECT_EQ(letter.family, Family::kConnect);
  EXPECT_EQ(letter.group, "warehouse-sink");
  EXPECT_EQ(letter.error, "org.apache.kafka.connect.errors.DataException");
  EXPECT_EQ(letter.partition, "3");
}

TEST(DeadLetters, OfSpringHaveNumbersAsBytesAndTheCauseOfTheError) {
  const auto letter = dead_letter_in(Headers{{"kafka_dlt-original-topic", "orders"},
                                             {"kafka_dlt-original-partition", "\0\0\0\x02"sv},
                                             {"kafka_dlt-original-offset", "\0\0\0\x01\0\0\0\0"sv},
                                             {"kafka_dlt-original-timestamp", "1700000000000"},
                                             {"kafka_dlt-original-consumer-group", "billing"},
                                             {"kafka_dlt-exception-cause-fqcn", "java.lang.IllegalStateException"},
                                             {"kafka_dlt-exception-fqcn", "ListenerExecutionFailedException"},
                                             {"kafka_dlt-exception-message", "Listener failed"}});
  EXPECT_EQ(letter.family, Family::kSpring);
  EXPECT_EQ(letter.partition, "2");
  EXPECT_EQ(letter.offset, "4294967296");
  EXPECT_EQ(letter.timestamp, "1700000000000") << "of somebody who writes text";
  EXPECT_EQ(letter.error, "java.lang.IllegalStateException");
  EXPECT_EQ(letter.group, "billing");
}

TEST(DeadLetters, ThatDiedTwiceAreOfWhoWroteLast) {
  const auto letter = dead_letter_in(Headers{{"__connect.errors.topic", "orders"},
                                             {"__connect.errors.exception.class.name", "DataException"},
                                             {"__dlq.errors.topic", "retries"},
                                             {"__dlq.errors.exception", "UNKNOWN"}});
  EXPECT_EQ(letter.family, Family::kToolkit);
  EXPECT_EQ(letter.topic, "retries");
  EXPECT_EQ(letter.error, "UNKNOWN");
}

TEST(DeadLetters, WhatIsNoneSaysNothing) {
  const auto letter = dead_letter_in(Headers{{"trace", "7"}, {"__dlq", "x"}, {"kafka_dlt", "x"}});
  EXPECT_EQ(letter.family, std::nullopt);
  EXPECT_EQ(letter.topic, std::nullopt);
  EXPECT_EQ(dead_letter_in({}).family, std::nullopt);
  EXPECT_EQ(dead_letter_in(Headers{{"__dlq.errors.topic", std::nullopt}}).topic, std::nullopt);
  EXPECT_TRUE(is_of_family("__connect.errors.stage"));
  EXPECT_TRUE(is_of_family("kafka_dlt-key-exception-fqcn"));
  EXPECT_FALSE(is_of_family("kafka_topic"));
}

TEST(DeadLetters, LieInTopicsWhoseNamesSayIt) {
  for (const auto* name : {"dlq.orders", "orders.dlq", "orders-dlq", "orders.DLT", "orders-dlt", "orders.dead",
                           "orders.dead-letters", "orders.DLQ"})
    EXPECT_TRUE(is_queue_name(name)) << name;
  for (const auto* name : {"orders", "dlq", "mydlq", "orders.dlq.v2", "deadline", "dlqorders", ""})
    EXPECT_FALSE(is_queue_name(name)) << name;
}

}  // namespace
}  // namespace thalweg::letters
