// Rates, ages and what they were, over HTTP of a broker in a simulation.
#include <algorithm>

#include "console/testing.h"

namespace thalweg::console {
namespace {

struct RollupTest : ConsoleTest {
  std::vector<double> values(const std::string& query, int series = 0) {
    const auto list = get("/series?" + query, "/series");
    std::vector<double> all;
    for (const auto& value : *at(list, "items/" + std::to_string(series) + "/values").if_array())
      all.push_back(value.if_number()->as_double().value_or(-1));
    return all;
  }
  double decimal(const json::Value& value, std::string_view path) {
    const auto found = at(value, path);
    return found.if_number() ? found.if_number()->as_double().value_or(-1) : -1;
  }
};

TEST_F(RollupTest, WhatIsWrittenHasARateAndWhatStandsStillHasNone) {
  start();
  create("orders", 2);
  create("still", 1);
  get("/cluster", "/cluster");
  world.run_for(2s);
  produce("orders", 0, 100);
  world.run_for(3s);
  const auto topic = get("/topics/orders", "/topics/{topic}");
  EXPECT_GT(decimal(topic, "written_s"), 100);
  const auto cluster = get("/cluster", "/cluster");
  EXPECT_EQ(decimal(cluster, "written_s"), decimal(topic, "written_s"));
  EXPECT_GT(decimal(cluster, "records_s"), 10);
  EXPECT_LT(decimal(cluster, "records_s"), 100);
  EXPECT_TRUE(at(get("/topics/still", "/topics/{topic}"), "written_s").is_null());
  EXPECT_GT(values("of=topic&name=orders&figures=written").back(), 100);
  EXPECT_TRUE(values("of=topic&name=still&figures=written").empty());
  world.run_for(4s);
  EXPECT_TRUE(at(get("/topics/orders", "/topics/{topic}"), "written_s").is_null());
}

// The records of the test are of November 2023, and the age is that of the record itself, as on /metrics.
TEST_F(RollupTest, WhatIsUnreadHasAnAgeByGroupByTopicAndByPartition) {
  start();
  create("orders", 2);
  produce("orders", 0, 5);
  produce("orders", 1, 5);
  commit("readers", "orders", 0, 2);
  commit("readers", "orders", 1, 5);
  world.run_for(3s);
  const auto written = std::int64_t{1'700'000'000'000};
  const auto cluster = get("/cluster", "/cluster");
  EXPECT_EQ(text_at(cluster, "oldest_unread_group"), "readers");
  const auto age = number_at(cluster, "oldest_unread_ms");
  const auto wall = number_at(cluster, "as_of");
  EXPECT_LE(std::abs(age - (wall - written)), 5000);
  EXPECT_EQ(number_at(get("/groups/readers", "/groups/{group}"), "oldest_unread_ms"), age);
  EXPECT_EQ(number_at(get("/groups", "/groups"), "items/0/oldest_unread_ms"), age);
  EXPECT_EQ(text_at(get("/topics/orders", "/topics/{topic}"), "oldest_unread_group"), "readers");
  const auto partitions = get("/groups/readers/partitions?sort=-lag", "/groups/{group}/partitions");
  EXPECT_LE(std::abs(number_at(partitions, "items/0/oldest_unread_ms") - age), 5000);
  EXPECT_EQ(number_at(partitions, "items/1/oldest_unread_ms"), 0);
  commit("readers", "orders", 0, 5);
  world.run_for(12s);  // another step of the history
  EXPECT_EQ(number_at(get("/groups/readers", "/groups/{group}"), "oldest_unread_ms"), 0);
  EXPECT_TRUE(at(get("/cluster", "/cluster"), "oldest_unread_ms").is_null());
  EXPECT_EQ(values("of=group&name=readers&figures=lag,age").front(), 3);
  EXPECT_EQ(values("of=group&name=readers&figures=lag,age").back(), 0);
}

TEST_F(RollupTest, ListsAreSortedByWhatMovesAndWhatIsUnknownComesLast) {
  start();
  for (const auto* name : {"a", "b", "c"}) create(name, 1);
  produce("b", 0, 5);
  produce("c", 0, 9);
  commit("all", "c", 0, 9);
  commit("half", "c", 0, 5);
  commit("none", "c", 0, 0);
  world.run_for(3s);
  get("/cluster", "/cluster");
  world.run_for(3s);
  produce("b", 0, 50);
  world.run_for(3s);
  const auto names = [&](const std::string& path, const std::string& pattern) {
    const auto list = get(path, pattern);
    std::string all;
    for (int i = 0; i < number_at(list, "total"); ++i)
      all += text_at(list, "items/" + std::to_string(i) + "/name") + " ";
    return all;
  };
  const std::string own = "/topics?show=own&sort=";
  EXPECT_EQ(names(own + "-records", "/topics"), "b c a ");
  EXPECT_EQ(names(own + "bytes", "/topics"), "a c b ");
  EXPECT_EQ(names(own + "-written_s", "/topics"), "b a c ");
  EXPECT_EQ(names(own + "-oldest_unread_ms", "/topics"), "c a b ");
  EXPECT_EQ(names("/groups?sort=-lag", "/groups"), "none half all ");
  EXPECT_EQ(names("/groups?sort=oldest_unread_ms,name", "/groups"), "all half none ");
  EXPECT_EQ(names("/topics/c/groups?sort=-lag", "/topics/{topic}/groups"), "none half all ");
  EXPECT_EQ(number_at(get("/topics/c/groups?sort=-lag", "/topics/{topic}/groups"), "items/1/lag"), 4);
  get("/topics?sort=lag", "/topics", 400);
}

TEST_F(RollupTest, WithoutAnybodyItLooksOnceAMinute) {
  start();
  create("orders", 1);
  world.run_for(10min);
  const auto seen = values("of=broker&figures=written&minutes=15");
  EXPECT_GE(seen.size(), 9u);
  EXPECT_LE(seen.size(), 12u);
}

TEST_F(RollupTest, ASeriesSaysWhatItNeeds) {
  start();
  create("orders", 1);
  get("/series?minutes=0", "/series", 400);
  get("/series?minutes=361", "/series", 400);
  get("/series?of=topic", "/series", 400);
  get("/series?of=weather", "/series", 400);
  get("/series?figures=written,wetness", "/series", 400);
  get("/series?of=topic&name=none", "/series", 404);
  EXPECT_TRUE(values("of=group&name=none&figures=lag").empty());
}

struct NeedsAttentionTest : ChangesTest {
  std::vector<std::string> sentences() {
    std::vector<std::string> all;
    const auto list = get("/attention", "/attention");
    for (std::size_t i = 0; i < at(list, "items").if_array()->size(); ++i)
      all.push_back(text_at(list, "items/" + std::to_string(i) + "/sentence"));
    return all;
  }
  bool is_said(const std::string& begin) {
    return std::ranges::any_of(sentences(), [&](const auto& one) { return one.starts_with(begin); });
  }
};

TEST_F(NeedsAttentionTest, APartitionThatAGroupHasNotCommittedForLongIsSaid) {
  start();
  create("orders", 2, {{"retention.ms", "-1"}});  // its records are of November 2023
  produce("orders", 0, 5);
  produce("orders", 1, 5);
  commit("readers", "orders", 0, 2);
  commit("readers", "orders", 1, 5);
  join("readers");
  world.run_for(3s);
  EXPECT_FALSE(is_said("readers has not committed")) << "it was just now";
  world.run_for(6min);  // its member is gone by now
  EXPECT_FALSE(is_said("readers has not committed")) << "nobody reads";
  join("readers");
  sentences();  // what is gathered for all is asked for, and the next one sees it
  world.run_for(3s);
  sentences();
  world.run_for(1s);
  EXPECT_TRUE(is_said("readers has not committed orders-0 for "))
      << ask("/api/v1/groups/readers").body << testing::PrintToString(sentences());
}

TEST_F(NeedsAttentionTest, AGroupThatRebalancesOftenIsSaid) {
  start();
  create("orders", 1);
  commit("readers", "orders", 0, 0);
  for (int n = 0; n < 5; ++n) {
    join("readers");
    sentences();
    world.run_for(70s);  // the member is missed, and another one comes
  }
  join("readers");
  sentences();
  world.run_for(3s);
  sentences();
  world.run_for(1s);
  EXPECT_TRUE(is_said("readers has rebalanced ")) << testing::PrintToString(sentences());
}

TEST_F(NeedsAttentionTest, RecordsThatAreDatedAheadAreSaid) {
  start();
  create("orders", 1);
  create("users", 1);
  const auto now = number_at(get("/cluster", "/cluster"), "as_of");
  const auto write = [&](const std::string& topic, Timestamp when) {
    record::BatchBuilder builder({});
    builder.append({.timestamp = when, .value = as_bytes("value")});
    send_batch(topic, 0, builder.build());
  };
  write("orders", now + 20 * 60'000);
  write("users", now + 60'000);
  world.run_for(3s);
  EXPECT_TRUE(is_said("Records of orders are dated 19.")) << testing::PrintToString(sentences());
  EXPECT_FALSE(is_said("Records of users"));
}

}  // namespace
}  // namespace thalweg::console
