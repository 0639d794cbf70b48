// Every option at its extremes does what Kafka does, or is refused with a sentence that names it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "config/broker_config.h"
#include "config/describe.h"

namespace thalweg::config {
namespace {

using testing::HasSubstr;

// Where we refuse what Kafka takes: it starts, and then fails or spins.
const std::map<std::string, std::string> kStricter = {
    {"broker.heartbeat.interval.ms", "below 1 there is no interval"},
    {"broker.session.timeout.ms", "below 1 every broker is dead"},
    {"initial.broker.registration.timeout.ms", "below 1 no broker can register"},
    {"default.replication.factor", "there are no topics with fewer than 1 or more than 32767 replicas"},
    {"offset.metadata.max.bytes", "below 0 no offset can be committed"},
    {"socket.send.buffer.bytes", "below -1 no connection can be set up"},
    {"socket.receive.buffer.bytes", "below -1 no connection can be set up"},
};

struct Fact {
  std::string kind, option, value;
  bool taken = false;
};

std::vector<Fact> facts() {
  std::ifstream in(TESTDATA "/kafka_extremes.txt");
  std::vector<Fact> all;
  std::vector<std::string> values;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind, option, signs;
    words >> kind;
    if (kind == "#") continue;
    if (kind == "values") {
      for (std::string value; words >> value;) values.push_back(value);
      continue;
    }
    words >> option >> signs;
    for (std::size_t i = 0; i < signs.size(); ++i) all.push_back({kind, option, values.at(i), signs[i] == '+'});
  }
  return all;
}

Result<> give(const Fact& fact) {
  if (fact.kind == "topic") return validate_topic_config({{fact.option, fact.value}});
  if (fact.kind == "group") {
    const Option* option = group_options().find(fact.option);
    if (!option) return fail(ErrorCode::kInvalidConfig, "unknown");
    TRY_VOID(parse(*option, fact.value));
    return {};
  }
  Properties given{{"node.id", "1"}};
  given[fact.option] = fact.value;
  TRY_VOID(load_broker_config(given));
  return {};
}

TEST(Extremes, AreTakenOrRefusedAsByKafka) {
  int taken = 0, refused = 0;
  for (const auto& fact : facts()) {
    const auto given = give(fact);
    SCOPED_TRACE(fact.option + "=" + fact.value);
    const bool stricter = kStricter.contains(fact.option);
    if (given) {
      ++taken;
      EXPECT_TRUE(fact.taken) << "Kafka refuses it";
      continue;
    }
    ++refused;
    EXPECT_TRUE(!fact.taken || stricter) << "Kafka takes it: " << given.error().message;
    EXPECT_THAT(given.error().message, HasSubstr(fact.option));
  }
  EXPECT_GT(taken, 1000);
  EXPECT_GT(refused, 1000);
}

// No row is left out of the facts: what is a number is asked about.
TEST(Extremes, AreKnownOfEveryNumber) {
  std::map<std::string, std::set<std::string>> asked;
  for (const auto& fact : facts()) asked[fact.kind].insert(fact.option);
  const auto check = [&](const std::string& kind, const Table& table) {
    for (const Option* option : table.options()) {
      const bool number = option->type == Type::kInt || option->type == Type::kLong || option->type == Type::kShort ||
                          option->type == Type::kDouble;
      const bool kafkas = !option->name.starts_with("thalweg.") && !option->name.ends_with("throttled.rate") &&
                          option->name != "replica.alter.log.dirs.io.max.bytes.per.second";  // dynamic only
      if (number && kafkas) EXPECT_TRUE(asked[kind].contains(std::string(option->name))) << option->name;
    }
  };
  check("broker", broker_options());
  check("topic", topic_options());
  check("group", group_options());
}

TEST(Extremes, OfOursAreRefusedWithTheRange) {
  for (const auto* bad : {"-1", "1025", "9223372036854775807"})
    EXPECT_FALSE(load_broker_config({{"thalweg.shards", bad}})) << bad;
  EXPECT_THAT(load_broker_config({{"thalweg.shards", "1025"}}).error().message,
              HasSubstr("thalweg.shards: Value must be no more than 1024"));
}

// What a field says can be added to the time of this process.
TEST(Extremes, ASpanIsNeverSoLongThatTimeOverflows) {
  const auto loaded = load_broker_config({{"connections.max.idle.ms", "9223372036854775807"},
                                          {"leader.imbalance.check.interval.seconds", "9223372036854775807"},
                                          {"log.retention.check.interval.ms", "9223372036854775807"},
                                          {"offsets.retention.minutes", "2147483647"},
                                          {"offsets.retention.check.interval.ms", "9223372036854775807"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& config = loaded->config;
  const Instant now = std::chrono::hours(24 * 365 * 50);
  for (const Instant span :
       {to_instant(config.connections_max_idle), to_instant(config.leader_imbalance_check_interval),
        to_instant(config.log_retention_check_interval), to_instant(config.offsets_retention),
        to_instant(config.offsets_retention_check_interval)})
    EXPECT_LT(span, Instant::max() - now);
  EXPECT_EQ(config.connections_max_idle, kLongestSpan);
  // What DescribeConfigs shows is what was asked for.
  EXPECT_EQ(config.properties.at("connections.max.idle.ms"), "9223372036854775807");
  EXPECT_LT(load_broker_config({{"connections.max.idle.ms", "-9223372036854775808"}})->config.connections_max_idle,
            Millis(0));
}

// As Kafka: a negative time of retention is no limit, whatever the unit.
TEST(Extremes, ANegativeRetentionIsForEver) {
  for (const auto* option : {"log.retention.ms", "log.retention.minutes", "log.retention.hours"}) {
    const Properties none, file{{option, "-5"}};
    EXPECT_EQ(effective_topic_config(none, {none, none, file}).at("retention.ms"), "-1") << option;
  }
}

}  // namespace
}  // namespace thalweg::config
