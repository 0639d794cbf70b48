#include "config/option.h"

#include <gtest/gtest.h>

#include <set>

namespace thalweg::config {
namespace {

std::string error_of(const Table& table, std::string_view name, std::string_view text) {
  const auto value = parse(*table.find(name), text);
  return value ? "valid" : value.error().message;
}

// A default has to be valid by its own row, or a server would refuse to start on an empty file.
TEST(Option, EveryDefaultIsValid) {
  for (const Table* table : {&topic_options(), &broker_options(), &group_options(), &client_metrics_options()})
    for (const Option* option : table->options()) {
      EXPECT_FALSE(option->doc.empty()) << option->name;
      if (option->default_value == kNull) continue;
      const auto value = parse(*option, option->default_value);
      ASSERT_TRUE(value) << value.error().message;
      EXPECT_EQ(parse(*option, to_string(*value)), value) << option->name;
    }
}

TEST(Option, EverySynonymIsABrokerOption) {
  for (const Option* option : topic_options().options())
    for (const auto name : broker_synonyms(option->name)) EXPECT_TRUE(broker_options().find(name)) << name;
}

TEST(Option, RefusesInKafkasWords) {
  const auto& topic = topic_options();
  EXPECT_EQ(error_of(topic, "retention.ms", "-5"),
            "Invalid value -5 for configuration retention.ms: Value must be at least -1");
  EXPECT_EQ(error_of(topic, "retention.ms", "soon"),
            "Invalid value soon for configuration retention.ms: Not a number of type LONG");
  EXPECT_EQ(error_of(topic, "compression.gzip.level", "11"),
            "Invalid value 11 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1");
  EXPECT_EQ(error_of(topic, "preallocate", "yes"),
            "Invalid value yes for configuration preallocate: Expected value to be either true or false");
  EXPECT_EQ(error_of(topic, "cleanup.policy", "compact,forget"),
            "Invalid value forget for configuration cleanup.policy: String must be one of: compact, delete");
  EXPECT_EQ(error_of(topic, "min.cleanable.dirty.ratio", "1.5"),
            "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1");
}

struct Case {
  std::string_view option, text, canonical;  // canonical "" when not valid
};
class ParseTopicOption : public testing::TestWithParam<Case> {};

TEST_P(ParseTopicOption, GivesTheCanonicalTextOrRefuses) {
  const auto& [name, text, expected] = GetParam();
  const auto value = parse(*topic_options().find(name), text);
  EXPECT_EQ(value ? to_string(*value) : "", expected);
}

INSTANTIATE_TEST_SUITE_P(
    Values, ParseTopicOption,
    testing::Values(Case{"segment.bytes", " 1048576 ", "1048576"}, Case{"segment.bytes", "1048575", ""},
                    Case{"segment.bytes", "2147483648", ""}, Case{"segment.bytes", "", ""},
                    Case{"segment.bytes", "+2000000", "2000000"}, Case{"segment.bytes", "1e6", ""},
                    Case{"preallocate", "TRUE", "true"}, Case{"cleanup.policy", " compact , delete", "compact,delete"},
                    Case{"compression.gzip.level", "-1", "-1"}, Case{"compression.gzip.level", "0", ""},
                    Case{"leader.replication.throttled.replicas", "*", "*"},
                    Case{"leader.replication.throttled.replicas", "0:1,1:2", "0:1,1:2"},
                    Case{"leader.replication.throttled.replicas", "0:", ""},
                    Case{"min.cleanable.dirty.ratio", "0.50", "0.5"}, Case{"min.cleanable.dirty.ratio", "1", "1.0"},
                    Case{"min.cleanable.dirty.ratio", "1e-5", "1.0E-5"}));

TEST(Option, ASecretIsNotShownInAnError) {
  const Option secret{"x.password", Type::kPassword, kNull, {.non_empty = true}, Update::kReadOnly, "A secret."};
  EXPECT_EQ(parse(secret, "  ").error().message.find("  "), std::string::npos);
}

TEST(Table, FindsTheNearestName) {
  EXPECT_EQ(broker_options().nearest("log.retension.ms"), "log.retention.ms");
  EXPECT_EQ(broker_options().nearest("num.partition"), "num.partitions");
  EXPECT_EQ(topic_options().nearest("retention_ms"), "retention.ms");
  EXPECT_EQ(broker_options().nearest("completely.different.thing.of.another.product"), std::nullopt);
}

TEST(Table, HasEveryOptionOfKafkaOnce) {
  EXPECT_EQ(topic_options().options().size(), 34u);
  EXPECT_EQ(broker_options().options().size(), 360u + 3u + 17u);  // Kafka's, dynamic only, ours
  EXPECT_EQ(group_options().options().size(), 17u);
}

}  // namespace
}  // namespace thalweg::config
