#include <gtest/gtest.h>

#include "cli/columns.h"
#include "cli/config_text.h"
#include "cli/json.h"
#include "cli/line_reader.h"
#include "cli/message_formatter.h"
#include "cli/place.h"
#include "cli/record_format.h"
#include "cli/report.h"
#include "cli/reset_offsets.h"
#include "protocol/group_metadata_value.h"
#include "protocol/wire.h"

namespace thalweg::cli {
namespace {
using namespace std::string_literals;

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
  report.add({"-", std::nullopt, ""});
  EXPECT_EQ(report.text(OutputFormat::kTable, false), "NAME   COUNT  IN-SYNC\na \"b\"     12  1,2\n-          -  -\n");
  EXPECT_EQ(report.text(OutputFormat::kJson, false),
            "[{\"name\":\"a \\\"b\\\"\",\"count\":12,\"in_sync\":[1,2]},\n "
            "{\"name\":\"-\",\"count\":null,\"in_sync\":[]}]\n");
  EXPECT_EQ(Report({{"x"}}).text(OutputFormat::kJson, false), "[]\n");
}

TEST(Report, MarksWhatIsNotThereAndWhatIsNoText) {
  Report report({{"name"}, {"host"}, {"isr", Report::Kind::kList}});
  report.add({"\xff\x00z"s, std::nullopt, std::nullopt});
  EXPECT_EQ(report.text(OutputFormat::kJson, false),
            "[{\"name\":\"/wB6\",\"name_encoding\":\"base64\",\"host\":null,\"isr\":null}]\n");
}

TEST(JsonField, LosesNoByte) {
  EXPECT_EQ(json_field("value", "ä\n"), "\"value\":\"ä\\n\"");
  EXPECT_EQ(json_field("value", "\xef\xbf\xbd"), "\"value\":\"\xef\xbf\xbd\"");  // U+FFFD itself is text
  EXPECT_EQ(json_field("value", "\x80"), "\"value\":\"gA==\",\"value_encoding\":\"base64\"");
  EXPECT_EQ(json_field("value", ""), "\"value\":\"\"");
  EXPECT_EQ(json_field("value", std::nullopt), "\"value\":null");
}

std::string formatted(const std::string& format, const admin::ConsumedRecord& r = record()) {
  const auto parsed = RecordFormat::parse(format);
  return parsed ? parsed->text_of(r, 5) : parsed.error().message;
}

TEST(RecordFormat, TakesKcatsLetters) {
  EXPECT_EQ(formatted("%t [%p] at %o: %k=%s (%K/%S) %T %h%%\\n"), "t [3] at 7: k=v (1/1) 1700000000000 h=x,n=NULL%\n");
  EXPECT_EQ(formatted("%R"), "\0\0\0\1"s);
  EXPECT_EQ(formatted("a\\tb\\x41\\\\"), "a\tbA\\");
}

TEST(RecordFormat, TakesRpksLettersWhereTheyMeanNothingElse) {
  EXPECT_EQ(formatted("%v %V %d %H %e %i %{%}"), "v 1 1700000000000 2 0 5 {}");
  EXPECT_EQ(formatted("%k{hex} %v{base64}|%h{%k:%v{hex};}"), "6b dg==|h:78;n:;");
}

TEST(RecordFormat, TellsNullFromEmptyByItsLength) {
  auto tombstone = record();
  tombstone.value.reset();
  EXPECT_EQ(formatted("%s|%S", tombstone), "|-1");
  tombstone.value = "";
  EXPECT_EQ(formatted("%s|%S", tombstone), "|0");
}

TEST(RecordFormat, NamesWhatItDoesNotKnow) {
  for (const char* bad : {"%q", "%", "%k{octal}", "\\q", "\\x4", "%h{%k", "%h{%t}"})
    EXPECT_TRUE(formatted(bad).starts_with("--format")) << bad << ": " << formatted(bad);
}

TEST(ParsePlace, ReadsOffsetsAndTimes) {
  using enum Place::Kind;
  constexpr Timestamp kNow = 100'000'000;
  const auto is = [](const std::string& text, Place::Kind kind, std::int64_t number) {
    const auto place = parse_place(text, kNow);
    EXPECT_TRUE(place) << text;
    if (!place) return;
    EXPECT_EQ(place->kind, kind) << text;
    EXPECT_EQ(place->number, number) << text;
  };
  is("start", kStart, 0);
  is("end", kEnd, 0);
  is("42", kOffset, 42);
  is("-100", kLast, 100);
  is("-90s", kTime, kNow - 90'000);
  is("-1h", kTime, kNow - 3'600'000);
  is("-9000w", kTime, 0);
  is("@1700000000000", kTime, 1'700'000'000'000);
  is("1970-01-02", kTime, 86'400'000);
  is("1970-01-01T01:00:00+01:00", kTime, 0);
}

TEST(ParsePlace, RefusesWhatMeansNothing) {
  for (const char* bad : {"", "-0", "+5", "-", "-1x", "-1.5h", "@", "@-1", "yesterday", "earliest", "1h", "2026-13-01",
                          "99999999999999999999", "-99999999999999999999", "-9223372036854775807w"})
    EXPECT_FALSE(parse_place(bad, 1'000)) << bad;
}

admin::ConsumedRecord group_record(const protocol::GroupMetadataValue& value, std::int16_t version) {
  protocol::Writer writer;
  writer.write(version);
  value.encode(writer, version);
  auto out = record();
  out.key = "\0\2\0\1g"s;
  out.value.emplace();
  for (const auto& piece : writer.take()) out.value->append(as_text(std::get<SharedBytes>(piece).view()));
  return out;
}

TEST(GroupMetadataFormatter, ShowsAGroupAsKafkaDoes) {
  const auto formatter = make_formatter("org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter", {});
  ASSERT_TRUE(formatter);
  protocol::GroupMetadataValue value;
  value.protocol_type = "consumer";
  value.generation = 3;
  value.protocol.reset();
  value.leader.reset();
  value.current_state_timestamp = 17;
  value.members.push_back({.member_id = "m",
                           .group_instance_id = {},
                           .client_id = "c",
                           .client_host = "/127.0.0.1",
                           .rebalance_timeout = 5,
                           .session_timeout = 6,
                           .subscription = SharedBytes::copy_of("foo"),
                           .assignment = {}});
  EXPECT_EQ((*formatter)->format(group_record(value, 3)),
            R"({"key":{"type":2,"data":{"group":"g"}},"value":{"version":3,"data":{"protocolType":"consumer",)"
            R"("generation":3,"protocol":null,"leader":null,"currentStateTimestamp":17,"members":[{"memberId":"m",)"
            R"("groupInstanceId":null,"clientId":"c","clientHost":"/127.0.0.1","rebalanceTimeout":5,)"
            R"("sessionTimeout":6,"subscription":"Zm9v","assignment":""}]}}})");
  auto gone = group_record(value, 3);
  gone.value.reset();
  EXPECT_EQ((*formatter)->format(gone), R"({"key":{"type":2,"data":{"group":"g"}},"value":null})");
  auto offset = record();
  offset.key = "\0\1\0\1g"s;
  EXPECT_EQ((*formatter)->format(offset), "");  // what a group has committed
}

TEST(MessageFormatter, IsKnownByItsOldNames) {
  EXPECT_TRUE(make_formatter("kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter", {}));
  EXPECT_TRUE(make_formatter("kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter", {}));
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
