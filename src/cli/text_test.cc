#include <gtest/gtest.h>

#include "cli/columns.h"
#include "cli/config_text.h"
#include "cli/line_reader.h"
#include "cli/message_formatter.h"
#include "cli/report.h"
#include "cli/reset_offsets.h"

namespace thalweg::cli {
namespace {

LineReader reader(Properties properties) { return *LineReader::create(properties); }

TEST(LineReader, TakesHeadersKeyAndValueApart) {
  auto r = reader({{"parse.key", "true"}, {"parse.headers", "true"}});
  const auto message = r.read("h1:v1,h2:v2\tk\tone\ttwo");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->key, "k");
  EXPECT_EQ(message->value, "one\ttwo");
  ASSERT_EQ(message->headers.size(), 2u);
  EXPECT_EQ(message->headers[1], admin::Header("h2", "v2"));
}

TEST(LineReader, NamesTheLineThatHasNoSeparator) {
  auto r = reader({{"parse.key", "true"}, {"key.separator", ":"}});
  EXPECT_TRUE(r.read("a:b"));
  EXPECT_EQ(r.read("oops").error().message, "No key separator found on line number 2: 'oops'");
  auto lenient = reader({{"parse.key", "true"}, {"ignore.error", "true"}});
  EXPECT_EQ(lenient.read("oops")->value, "oops");
}

TEST(LineReader, TurnsTheNullMarkerIntoNothing) {
  auto r = reader({{"parse.key", "true"}, {"key.separator", ":"}, {"null.marker", "NULL"}});
  EXPECT_FALSE(r.read("NULL:v")->key);
  EXPECT_FALSE(r.read("k:NULL")->value);
  EXPECT_EQ(r.read("k:")->value, "");
}

TEST(LineReader, RefusesSeparatorsThatCannotBeToldApart) {
  EXPECT_FALSE(LineReader::create({{"parse.headers", "true"}, {"headers.separator", ":"}}));
}

admin::ConsumedRecord record() {
  return {{"t", {3}}, {7}, 1700000000000, record::TimestampType::kCreateTime,
          {0},        "k", "v",           {{"h", "x"}, {"n", std::nullopt}}};
}

TEST(MessageFormatter, PrintsFieldsInKafkasOrder) {
  const auto formatter =
      make_formatter("org.apache.kafka.tools.consumer.DefaultMessageFormatter", {{"print.key", "true"},
                                                                                 {"print.headers", "true"},
                                                                                 {"print.timestamp", "true"},
                                                                                 {"print.partition", "true"},
                                                                                 {"print.offset", "true"},
                                                                                 {"key.separator", "|"}});
  EXPECT_EQ((*formatter)->format(record()), "CreateTime:1700000000000|Partition:3|Offset:7|h:x,n:null|k|v\n");
}

TEST(MessageFormatter, ShowsWhatIsMissing) {
  auto bare = record();
  bare.key.reset();
  bare.headers.clear();
  bare.timestamp = kNoTimestamp;
  const auto formatter = make_formatter(
      "DefaultMessageFormatter",
      {{"print.key", "true"}, {"print.headers", "true"}, {"print.timestamp", "true"}, {"null.literal", "-"}});
  EXPECT_EQ((*formatter)->format(bare), "NO_TIMESTAMP\tNO_HEADERS\t-\tv\n");
}

TEST(MessageFormatter, ReadsNumbersWithTheirDeserializer) {
  auto number = record();
  number.value = std::string("\0\0\0\0\0\0\1\2", 8);
  const auto formatter = make_formatter(
      "DefaultMessageFormatter", {{"value.deserializer", "org.apache.kafka.common.serialization.LongDeserializer"}});
  EXPECT_EQ((*formatter)->format(number), "258\n");
  EXPECT_FALSE((*formatter)->format(record()));  // one byte is no long
  EXPECT_FALSE(make_formatter("com.example.Mine", {}));
}

TEST(Columns, GrowWithTheirLongestCellOrPushTheRest) {
  Columns table({{"GROUP", 6}, {"STATE", 4, false}, {"N"}});
  table.add({"a-long-name", "Stable", "1"});
  EXPECT_EQ(table.text(), "GROUP       STATE N\na-long-name Stable 1\n");
}

TEST(Report, ShowsTheSameAsTableAndAsJson) {
  Report report({{"name"}, {"count", Report::Kind::kNumber}, {"in_sync", Report::Kind::kList}});
  report.add({"a \"b\"", "12", "1,2"});
  report.add({"c", "-", ""});
  EXPECT_EQ(report.text(OutputFormat::kTable, false), "NAME   COUNT  IN-SYNC\na \"b\"     12  1,2\nc          -\n");
  EXPECT_EQ(report.text(OutputFormat::kJson, false),
            "[{\"name\":\"a \\\"b\\\"\",\"count\":12,\"in_sync\":[1,2]},\n "
            "{\"name\":\"c\",\"count\":null,\"in_sync\":[]}]\n");
  EXPECT_EQ(Report({{"x"}}).text(OutputFormat::kJson, false), "[]\n");
}

TEST(JsonString, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(json_string("ä€😀\n\x01"), "\"ä€😀\\n\\u0001\"");
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a\\ufffdb\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // half of a surrogate pair
}

TEST(ConfigText, ReadsListsWithBrackets) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_config_list("a=1,b=[x,y], c=k=v", true), (Pairs{{"a", "1"}, {"b", "x,y"}, {"c", "k=v"}}));
  EXPECT_EQ(parse_config_list("a,b", false), (Pairs{{"a", ""}, {"b", ""}}));
  EXPECT_FALSE(parse_config_list("a,b", true));
  EXPECT_FALSE(parse_config_list("a=[x", true));
}

TEST(ResetOffsets, ReadsTimesAndDurations) {
  EXPECT_EQ(parse_date_time("1970-01-02T00:00:01.500"), 86'401'500);
  EXPECT_EQ(parse_date_time("1970-01-01T02:00:00+02:00"), 0);
  EXPECT_EQ(parse_date_time("1970-01-01T00:00"), 0);
  EXPECT_FALSE(parse_date_time("1970-02-30T00:00:00"));
  EXPECT_FALSE(parse_date_time("yesterday"));
  EXPECT_EQ(parse_duration("P1DT2H3M4.5S"), Millis(93'784'500));
  EXPECT_EQ(parse_duration("PT5M"), Millis(300'000));
  EXPECT_FALSE(parse_duration("P"));
  EXPECT_FALSE(parse_duration("5 minutes"));
}

TEST(ResetOffsets, ReadsTopicsWithPartitions) {
  const auto topic = parse_topic_argument("t:0,2");
  EXPECT_EQ(topic->first, "t");
  EXPECT_EQ(topic->second, (std::vector<PartitionId>{{0}, {2}}));
  EXPECT_TRUE(parse_topic_argument("t")->second.empty());
  EXPECT_FALSE(parse_topic_argument("t:x"));
}

}  // namespace
}  // namespace thalweg::cli
