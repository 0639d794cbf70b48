#include "cli/options.h"

#include <gtest/gtest.h>

namespace thalweg::cli {
namespace {

OptionParser parser() {
  OptionParser p;
  p.flag("list", "lists").flag("describe", "describes").flag("delete", "deletes").flag("delete-config", "refused");
  p.value("topic", "String: topic", "the topic").values("config", "String: name=value", "a setting");
  p.integer("partitions", "Integer: count", "how many").optional_value("state", "String", "states");
  p.alias("whitelist", "topic");
  return p;
}

std::string error_of(std::vector<std::string> arguments) {
  const auto parsed = parser().parse(arguments);
  return parsed ? "" : parsed.error().message;
}

TEST(OptionParser, TakesValuesBehindABlankOrAnEqualsSign) {
  const auto options = parser().parse({"--topic", "a", "--partitions=3", "--config=x=1", "--config", "y=2", "rest"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->value("topic"), "a");
  EXPECT_EQ(options->value("partitions"), "3");
  EXPECT_EQ(options->values("config"), (std::vector<std::string>{"x=1", "y=2"}));
  EXPECT_EQ(options->positional(), std::vector<std::string>{"rest"});
}

TEST(OptionParser, UnderstandsAbbreviationsThatMeanOneThing) {
  EXPECT_TRUE(parser().parse({"--desc"})->has("describe"));
  EXPECT_EQ(error_of({"--de"}), "de is not a recognized option");
  EXPECT_TRUE(parser().parse({"--delete"})->has("delete"));  // a whole name is never ambiguous
  EXPECT_EQ(parser().parse({"--whitelist", "x"})->value("topic"), "x");
}

TEST(OptionParser, SaysWhatIsWrongInTheWordsThatScriptsKnow) {
  EXPECT_EQ(error_of({"--lst"}), "lst is not a recognized option");
  EXPECT_EQ(error_of({"--topic"}), "Option topic requires an argument");
  EXPECT_EQ(error_of({"--topic", "--list"}), "Option topic requires an argument");
  EXPECT_EQ(error_of({"--topic", "a", "--topic", "b"}),
            "Found multiple arguments for option topic, but you asked for only one");
  EXPECT_EQ(error_of({"--partitions", "abc"}), "Cannot parse argument 'abc' of option partitions");
}

TEST(OptionParser, LetsAnOptionalValueBeMissing) {
  EXPECT_TRUE(parser().parse({"--state", "--list"})->has("state"));
  EXPECT_FALSE(parser().parse({"--state", "--list"})->has_value("state"));
  EXPECT_EQ(parser().parse({"--state", "stable"})->value("state"), "stable");
}

TEST(OptionParser, TakesNegativeNumbersForValues) {
  EXPECT_EQ(parser().parse({"--partitions", "-3"})->value("partitions"), "-3");
}

TEST(OptionParser, TakesNothingThatBeginsWithADigitForAnOption) {
  EXPECT_EQ(parser().parse({"--topic", "-1h"})->value("topic"), "-1h");
}

TEST(OptionParser, RefusesValuesOutsideTheirRange) {
  auto p = parser();
  p.within("partitions", 1, 100).one_of("topic", {"a", "b"}).within("config", 0);
  const auto error = [&](std::vector<std::string> arguments) {
    const auto parsed = p.parse(arguments);
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_EQ(error({"--partitions", "100", "--topic", "a", "--config", "0", "--config", "7"}), "");
  for (const char* bad : {"0", "101", "-3", "abc", "", "+5", "1.5", "99999999999999999999"})
    EXPECT_EQ(error({"--partitions", bad}), "--partitions is a number from 1 to 100, not '" + std::string(bad) + "'");
  EXPECT_EQ(error({"--topic", "c"}), "--topic is a or b, not 'c'");
  EXPECT_EQ(error({"--config", "0", "--config", "x"}), "--config is a number of at least 0, not 'x'");
}

TEST(OptionParser, SuggestsNamesOnlyWhenAsked) {
  EXPECT_EQ(error_of({"--topik", "x"}), "topik is not a recognized option");
  auto friendly = parser();
  friendly.suggest_names();
  EXPECT_EQ(friendly.parse({"--topik", "x"}).error().message,
            "topik is not a recognized option; did you mean --topic?");
  EXPECT_EQ(friendly.parse({"--de"}).error().message,
            "--de is short for --delete, --delete-config or --describe; say which");
  EXPECT_EQ(friendly.parse({"--zzz"}).error().message, "zzz is not a recognized option");
}

}  // namespace
}  // namespace thalweg::cli
