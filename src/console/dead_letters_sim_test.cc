// Dead letters over HTTP of a broker in a simulation: which topics have some, and why they died.
#include "console/testing.h"

namespace thalweg::console {
namespace {

const std::string kCauses = "/dead-letters/{topic}/causes";

struct DeadLettersTest : ConsoleTest {
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // One letter each, in one batch.
  void bury(const std::string& topic, int partition, const std::vector<Headers>& letters, Timestamp first) {
    record::BatchBuilder builder({});
    for (const auto& letter : letters) {
      std::vector<record::HeaderView> headers;
      for (const auto& [name, value] : letter) headers.push_back({name, as_bytes(value)});
      builder.append({.timestamp = first++, .value = as_bytes("value"), .headers = headers});
    }
    send_batch(topic, partition, builder.build());
  }
  static Headers toolkit(const std::string& error, const std::string& message) {
    return {{"trace", "7"},
            {"__dlq.errors.topic", "orders"},
            {"__dlq.errors.group", "billing"},
            {"__dlq.errors.exception", error},
            {"__dlq.errors.message", message}};
  }
};

TEST_F(DeadLettersTest, TopicsAreKnownByTheirNamesAndCounted) {
  start();
  for (const auto* name : {"orders", "dlq.orders", "payments-dlt", "users.DLT"}) create(name, 2);
  produce("dlq.orders", 0, 3);
  produce("dlq.orders", 1, 2);
  const auto list = get("/dead-letters", "/dead-letters");
  EXPECT_EQ(number_at(list, "total"), 3);
  EXPECT_EQ(text_at(list, "items/0/name"), "dlq.orders");
  EXPECT_EQ(number_at(list, "items/0/records"), 5);
  EXPECT_EQ(text_at(list, "items/1/name"), "payments-dlt");
  EXPECT_EQ(number_at(list, "items/1/records"), 0);
}

TEST_F(DeadLettersTest, OfAllFamiliesAreGroupedByTheirCauseOverAllPartitions) {
  start();
  create("dlq.all", 2);
  bury("dlq.all", 0, {toolkit("UNKNOWN", "order 1 has no stock"), toolkit("UNKNOWN", "order 22 has no stock")}, 100);
  bury("dlq.all", 1, {toolkit("UNKNOWN", "order 333 has no stock")}, 50);
  bury("dlq.all", 1, {{{"kafka_dlt-original-topic", "users"}, {"kafka_dlt-exception-fqcn", "a.B"}}}, 200);
  bury("dlq.all", 1, {{{"__connect.errors.topic", "clicks"}, {"__connect.errors.exception.class.name", "c.D"}}}, 300);
  bury("dlq.all", 1, {{{"__streams.errors.topic", "views"}, {"__streams.errors.exception", "e.F: g"}}}, 400);
  bury("dlq.all", 1, {{{"__dlq.errors.topic", "jobs"}, {"__dlq.errors.message", "Offset rejected by client."}}}, 500);
  bury("dlq.all", 1, {{{"x", "y"}}}, 600);
  const auto causes = get("/dead-letters/dlq.all/causes", kCauses);
  EXPECT_EQ(number_at(causes, "looked_at"), 8);
  EXPECT_EQ(at(causes, "complete"), json::Value(true));
  EXPECT_EQ(at(causes, "items").if_array()->size(), 6u);
  EXPECT_EQ(number_at(causes, "items/0/count"), 3);
  EXPECT_EQ(text_at(causes, "items/0/family"), "toolkit");
  EXPECT_EQ(text_at(causes, "items/0/message"), "order 22 has no stock");
  EXPECT_EQ(number_at(causes, "items/0/offset"), 1);
  EXPECT_EQ(number_at(causes, "items/0/first_at"), 50);
  EXPECT_EQ(number_at(causes, "items/0/last_at"), 101);
  EXPECT_EQ(text_at(causes, "items/1/family"), "(no text)");
  EXPECT_EQ(text_at(causes, "items/2/family"), "share_group");
  EXPECT_EQ(text_at(causes, "items/3/error"), "e.F");
  EXPECT_EQ(text_at(causes, "items/4/origin"), "clicks");
  EXPECT_EQ(text_at(causes, "items/5/family"), "spring");
}

TEST_F(DeadLettersTest, OnlyTheNewestAreLookedAtAndItSaysSo) {
  start();
  create("dlq.many", 1);
  for (int i = 0; i < 21; ++i) bury("dlq.many", 0, std::vector<Headers>(100, toolkit("UNKNOWN", "no")), 1000 * i);
  const auto causes = get("/dead-letters/dlq.many/causes", kCauses);
  EXPECT_EQ(number_at(causes, "looked_at"), 2000);
  EXPECT_EQ(at(causes, "complete"), json::Value(false));
  EXPECT_EQ(number_at(causes, "items/0/first_at"), 1000) << "the oldest hundred was not";
  get("/dead-letters/nowhere/causes", kCauses, 404);
  create("dlq.empty", 1);
  EXPECT_EQ(number_at(get("/dead-letters/dlq.empty/causes", kCauses), "looked_at"), 0);
}

}  // namespace
}  // namespace thalweg::console
