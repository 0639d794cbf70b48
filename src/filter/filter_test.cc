// Every operator, function and mistake as a row of testdata; and what rows cannot say: bounds, facts, records that are
// no JSON.
#include "filter/filter.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "filter/column.h"
#include "filter/limits.h"
#include "filter/time_text.h"

namespace thalweg::filter {
namespace {

constexpr Timestamp kAt = 1'769'860'800'250, kNow = kAt + 30 * 60'000;

constexpr std::string_view kValue =
    R"({"status":"FAILED","user":{"id":9223372036854775807,"name":"J\u00f6rg \"x\""},"amount":12.50,"paid":false,)"
    R"("none":null, "items":[{"sku":"A-1","qty":2},{"sku":"B-2","qty":7}],"tags":["eu","new"],)"
    R"("big":18446744073709551615 , "deep":[[1,2],[3]]})";

struct Sample {
  std::vector<record::HeaderView> headers{{"trace-id", as_bytes("abc")},
                                          {"attempt", as_bytes("3")},
                                          {"trace-id", as_bytes("def")},
                                          {"empty", std::nullopt},
                                          {"raw", as_bytes(std::string_view("\0\xff", 2))}};
  Input input{.partition = {3},
              .offset = {4711},
              .timestamp = kAt,
              .key = "u42",
              .value = kValue,
              .headers = std::span<const record::HeaderView>(headers),
              .producer_id = ProducerId{9}};
};

std::string said_of(std::string_view expression, const Input& input) {
  const auto filter = Filter::compile(expression, kNow);
  if (!filter) return "mistake: " + filter.error().message;
  FilterRun run(*filter);
  const Verdict verdict = run.test(input);
  return verdict == Verdict::kYes ? "yes" : verdict == Verdict::kNo ? "no" : std::string(describe(run.trouble()));
}

bool matches(std::string_view expression, std::optional<std::string_view> value) {
  Sample sample;
  sample.input.value = value;
  return said_of(expression, sample.input) == "yes";
}

// "what -> expected", without comments.
std::vector<std::pair<std::string, std::string>> rows_of(const std::string& file) {
  std::ifstream in(std::string(TESTDATA) + "/" + file);
  EXPECT_TRUE(in) << file;
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    const auto arrow = line.rfind(" -> ");
    if (line.empty() || line.starts_with("#")) continue;
    EXPECT_NE(arrow, line.npos) << line;
    if (arrow != line.npos) rows.emplace_back(line.substr(0, arrow), line.substr(arrow + 4));
  }
  return rows;
}

TEST(Filter, SaysOfARecordWhatEveryRowSays) {
  const Sample sample;
  const auto rows = rows_of("expressions.txt");
  EXPECT_GT(rows.size(), 150u);
  for (const auto& [expression, expected] : rows) EXPECT_EQ(said_of(expression, sample.input), expected) << expression;
}

TEST(Filter, SaysWhatIsWrongAndWhere) {
  for (const auto& [expression, expected] : rows_of("mistakes.txt")) {
    const auto filter = Filter::compile(expression, kNow);
    if (filter) {
      ADD_FAILURE() << expression << " is right";
      continue;
    }
    const Mistake& mistake = filter.error();
    std::string said = std::to_string(mistake.at) + "(" + std::to_string(mistake.length) + "): " + mistake.message;
    if (!mistake.nearest.empty()) said += " [" + mistake.nearest + "]";
    EXPECT_EQ(said, expected) << expression;
  }
}

TEST(Filter, ATombstoneIsNull) {
  EXPECT_TRUE(matches("tombstone", std::nullopt));
  EXPECT_TRUE(matches("value == null", std::nullopt));
  EXPECT_TRUE(matches("record.valueAsText == null", std::nullopt));
  EXPECT_FALSE(matches("value == \"\"", std::nullopt));
  EXPECT_FALSE(matches("value.a == 1 || value.contains(\"a\")", std::nullopt));
  EXPECT_TRUE(matches("!tombstone && value == \"\"", ""));
}

TEST(Filter, AWholeSideIsItsTextAndAlsoWhatItSaysAsJson) {
  EXPECT_TRUE(matches("value == \"42\" && value == 42 && value > 41 && value < 42.5", "42"));
  EXPECT_TRUE(matches("value == 42", " 42\n"));
  EXPECT_FALSE(matches("value == 42", "42 43"));
  EXPECT_TRUE(matches("value != 42", "42nd"));
  EXPECT_TRUE(matches("value == \"abc\" && value.startsWith(\"a\")", "\"abc\""));
  EXPECT_TRUE(matches("value && value == true", "true"));
  EXPECT_TRUE(matches("value == null", "null"));
  EXPECT_TRUE(matches("value[1] == 2 && 2 in value && size(value) == 3", "[1,2,3]"));
  EXPECT_TRUE(matches("size(value) == 2 && type(value) == \"string\"", "\xc3\xa9z"));
}

TEST(Filter, ANumberIsWhatItSaysWhateverStandsBehindIt) {
  for (const std::string_view number : {"0", "7", "123456789012345678", "1234567890123456789", "9223372036854775807"})
    for (const std::string_view end : {",", "}", "]", " ,", "\n}", ""})
      for (const std::string_view begin : {R"({"n":)", R"({"n": )"})
        EXPECT_TRUE(matches("value.n == " + std::string(number),
                            std::string(begin) + std::string(number) + std::string(end) + R"("m":1})"))
            << begin << number << end;
  for (const std::string_view other : {"12x", "12e2", "12.5", "-12", "1212345678901234567890"})
    EXPECT_FALSE(matches("value.n == 12", R"({"n":)" + std::string(other) + "}")) << other;
  EXPECT_TRUE(matches("value == 12", "12"));
  EXPECT_FALSE(matches("value == 12", "12}")) << "is no number as a whole";
}

// ---- What is asked of every element, by the way that is short and by the other one

Verdict verdict_of(FilterRun& run, std::string_view value) {
  Sample sample;
  sample.input.value = value;
  return run.test(sample.input);
}

// An object or something else, with the member or without, its name twice or with an escape, spaces, objects within.
std::string random_element(std::mt19937_64& random) {
  static constexpr std::string_view kNames[] = {"n", "n", "sku", "x{y", "\\u006e", ""};
  static constexpr std::string_view kValues[] = {
      "1",    "2",    "3",       "-2",      "2.0",  "1.5", "18446744073709551615",
      "true", "null", R"("2")",  R"("a")",  "[2]",  "{}",  R"({"n":2})",
      "2e0",  "nul",  R"("\"")", R"("},")", "2000", "-",   "\"an \\\\\""};
  if (random() % 8 == 0) return std::string(kValues[random() % std::size(kValues)]);
  std::string text = "{";
  for (auto left = random() % 6; left > 0; --left) {
    text.append("\"").append(kNames[random() % std::size(kNames)]).append(random() % 8 ? "\":" : "\" : ");
    text += kValues[random() % std::size(kValues)];
    if (left > 1) text += random() % 8 ? "," : " ,\n";
  }
  return text + "}";
}

TEST(Filter, AMemberOfEveryElementIsComparedAsOneAloneIs) {
  static constexpr std::string_view kLiterals[] = {"2", "1.5", "2u", "-2", R"("2")", R"("a")", "true", "null"};
  std::mt19937_64 random(3);
  int yes = 0, no = 0;
  for (const std::string_view sign : {"==", "!=", "<", "<=", ">", ">="})
    for (const auto literal : kLiterals)
      for (const std::string_view form : {"value.exists(i, @)", "value.all(i, @)", "size(value.filter(i, @)) > 1",
                                          "value.exists(i, value.exists(j, @))"}) {
        const auto filter_of = [&](std::string_view member) {
          std::string text(form);
          const auto test = std::string(member) + " " + std::string(sign) + " " + std::string(literal);
          return Filter::compile(text.replace(text.find('@'), 1, test), kNow);
        };
        const auto filter = filter_of("i.n"), slow = filter_of(R"(i["n"])");
        if (!filter) continue;  // types that are known never to fit
        FilterRun run(*filter), reference(*slow);
        for (int i = 0; i < 100; ++i) {
          std::string list = "[";
          for (auto left = random() % 6; left > 0; --left) list += random_element(random) + (left > 1 ? "," : "");
          list += random() % 8 ? "]" : "";
          const Verdict verdict = verdict_of(run, list);
          ASSERT_EQ(verdict, verdict_of(reference, list)) << filter->text() << " of " << list;
          ASSERT_EQ(run.trouble(), reference.trouble()) << filter->text() << " of " << list;
          ++(verdict == Verdict::kYes ? yes : no);
        }
      }
  EXPECT_GT(yes, 1000);
  EXPECT_GT(no, 1000);
}

TEST(Filter, WhatIsNoJsonLeadsNowhere) {
  for (const auto text : {"", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\" 1}", "{a:1}", "[", "nul", "-", "{\"a\":-}",
                          "{\"a\":nan}", "{\"a\":+1}", "\x00\x01\x02", "{\"b\":\"\\\"a\":1}", "{\"b\":[}"})
    EXPECT_FALSE(matches("value.a == 1 || has(value.a.b) || value.a > 0", text)) << text;
}

TEST(Filter, ConfluentsFramingHasASchemaId) {
  EXPECT_TRUE(matches("schema_id == 258", std::string_view("\0\0\0\1\2payload", 12)));
  EXPECT_FALSE(matches("schema_id == 0 || schema_id != 0", std::string_view("\0\0\0\1", 4)));
}

// As a reader of schemas would: 7 is JSON behind five bytes, 8 cannot be read, of 9 nobody knows.
SchemaReading read_side(std::string_view side) {
  if (side[4] == 7) return {.state = SchemaReading::State::kRead, .json = std::string(side.substr(5))};
  return {.state = side[4] == 8 ? SchemaReading::State::kFailed : SchemaReading::State::kNoSchema, .json = {}};
}

TEST(Filter, WhatNamesASchemaIsLookedIntoByIt) {
  Sample sample;
  int read = 0;
  const SchemaReader reader = [&read](std::string_view side) {
    ++read;
    return read_side(side);
  };
  sample.input.by_schema = &reader;
  const auto said = [&](std::string_view expression, std::string_view value) {
    sample.input.value = value;
    return said_of(expression, sample.input);
  };
  using namespace std::string_view_literals;
  const auto map = "\0\0\0\0\7{\"a\":{\"b\":9223372036854775807},\"l\":[1,2]}"sv;
  EXPECT_EQ(said("value.a.b == 9223372036854775807 && value.l.exists(x, x == 2) && size(value.l) == 2", map), "yes");
  EXPECT_EQ(read, 1) << "once for a record";
  EXPECT_EQ(said("has(value.c) || value.a.b == 1", map), "no");
  EXPECT_EQ(said("value.contains(\"[1,2]\") && type(value) == \"map\"", map), "yes");
  EXPECT_EQ(said("value == \"x\" && value.startsWith(\"x\") && schema_id == 7", "\0\0\0\0\7\"x\""sv), "yes");
  EXPECT_EQ(said("value > 41 && value == 42",
                 "\0\0\0\0\7"
                 "42"sv),
            "yes");
  EXPECT_EQ(said("value.a == 1", "\0\0\0\0\x08{\"a\":1}"sv), "it cannot be read by the schema that it names");
  EXPECT_EQ(said("value.a == 1", "\0\0\0\0\x09{\"a\":1}"sv), "no") << "taken as it is: no JSON";
  EXPECT_EQ(said("record.valueAsText.contains(\"{\")", "\0\0\0\0\x08{"sv), "yes") << "bytes, as they stand";
}

TEST(Column, SaysWhatAnExpressionComesTo) {
  Sample sample;
  const auto text_of = [&](std::string_view expression) {
    const auto column = Column::compile(expression, kNow);
    if (!column) return "mistake: " + column.error().message;
    ColumnRun run(*column);
    return std::string(run.text(sample.input).value_or("(nothing)"));
  };
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"value.amount", "12.50"},
      {"value.user.id", "9223372036854775807"},
      {"value.big", "18446744073709551615"},
      {"value.user.name", "J\u00f6rg \"x\""},
      {"value.paid", "false"},
      {"value.none", "null"},
      {"value.tags", R"(["eu","new"])"},
      {"value.items[1]", R"({"sku":"B-2","qty":7})"},
      {"value.nothing", "(nothing)"},
      {"key", "u42"},
      {"headers[\"trace-id\"]", "def"},
      {"size(value.items) * 2", "4"},
      {"1 / (partition - 3)", "(nothing)"},
      {"timestamp", "2026-01-31T12:00:00.250Z"},
      {"value.", "mistake: "},
  };
  for (const auto& [expression, text] : rows)
    EXPECT_TRUE(text_of(expression).starts_with(text)) << expression << ": " << text_of(expression);
}

TEST(Column, AListIsTakenApartAtItsCommas) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(expressions_of("value.a,value[\"b,c\"],size(x, 1),,d"),
            (Parts{"value.a", "value[\"b,c\"]", "size(x, 1)", "d"}));
  EXPECT_EQ(expressions_of(""), Parts{});
  EXPECT_EQ(expressions_of("a\"b,c"), Parts{"a\"b,c"}) << "a quote without an end is for who compiles it";
  EXPECT_EQ(expressions_of("a\"\\"), Parts{"a\"\\"});
  EXPECT_EQ(expressions_of(")],b"), (Parts{")]", "b"}));
}

TEST(Filter, PlainWordsLookEverywhereAndAreTakenAsTheyStand) {
  EXPECT_TRUE(matches("  two words ", "these two words"));
  EXPECT_FALSE(matches("two words", "two  words"));
  EXPECT_TRUE(matches("bob@example.com", "{\"mail\":\"bob@example.com\"}"));
  EXPECT_TRUE(matches("größe", "die größe"));
  EXPECT_EQ(Filter::compile("FAILED", kNow)->text(), "FAILED");
  EXPECT_FALSE(Filter::compile("", kNow));
  EXPECT_FALSE(Filter::compile("   ", kNow));
}

TEST(Filter, AnyMatchesEveryRecord) {
  const Filter any = Filter::any();
  FilterRun run(any);
  EXPECT_TRUE(any.matches_all());
  EXPECT_EQ(run.test(Sample().input), Verdict::kYes);
}

// ---- Bounds

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

std::string mistake_in(const std::string& expression) {
  const auto filter = Filter::compile(expression, kNow);
  return filter ? "" : filter.error().message;
}

TEST(FilterBounds, TheTextIsBounded) {
  const std::string fits = "true" + std::string(kTextMax - 4, ' ');
  EXPECT_EQ(mistake_in(fits), "");
  EXPECT_EQ(mistake_in(fits + " "), "a filter has at most 4096 bytes");
}

TEST(FilterBounds, TheDepthIsBounded) {
  EXPECT_EQ(mistake_in(repeated("(", 31) + "true" + repeated(")", 31)), "");
  for (const auto& deep : {repeated("(", 2000) + "true", repeated("!", 2000) + "true", repeated("[", 2000),
                           repeated("true?", 800), "value" + repeated("[value", 600)})
    EXPECT_EQ(mistake_in(deep), "more than 32 parts stand within each other here") << deep.substr(0, 9);
}

TEST(FilterBounds, TheNodesAreBounded) {
  EXPECT_EQ(mistake_in("true" + repeated("||true", 127)), "");
  EXPECT_EQ(mistake_in("true" + repeated("||true", 128)), "the expression has more than 256 parts");
}

TEST(FilterBounds, PatternsAreBoundedWhenTheyAreCompiled) {
  for (const auto pattern : {"(((a{1,99}){1,99}){1,99}){1,99}", "a{1001}", "[[:word:]]{1000}.{1000}.{1000}"})
    EXPECT_TRUE(mistake_in(std::string("value.matches(\"") + pattern + "\")").starts_with("no pattern: ")) << pattern;
}

TEST(FilterBounds, StepsAreBoundedAlsoInListsWithinLists) {
  const std::string list = "[1" + repeated(",1", 99) + "]";
  EXPECT_TRUE(matches("value.all(a, a == 1)", list));
  EXPECT_FALSE(matches("value.exists(a, a == 2)", list));
  const std::string lists = "[" + list + repeated("," + list, 99) + "]";
  Sample sample;
  sample.input.value = lists;
  EXPECT_EQ(said_of("value.exists(a, a.exists(b, b == 2))", sample.input),
            "the filter takes too many steps for this record");
  const std::string wide = "[1" + repeated(",1", 20'000) + "]";
  sample.input.value = wide;
  EXPECT_EQ(said_of("size(value) > 0", sample.input), "the filter takes too many steps for this record");
}

// By its index an element's member takes one step more: the short way saves time, and counts as the long one does.
TEST(FilterBounds, TheShortWayToAMemberTakesAllItsSteps) {
  const auto filter = Filter::compile("value.exists(i, i.n > 2)", kNow).value();
  const auto by_index = Filter::compile(R"(value.exists(i, i["n"] > 2))", kNow).value();
  FilterRun run(filter), reference(by_index);
  for (const std::string_view element : {R"({"n":1})", R"({"m":1,"n":"x"})", "{}", R"({"n":1.5})", "7"})
    for (const std::size_t count : {1u, 10u, 1000u}) {
      const std::string list = "[" + std::string(element) + repeated("," + std::string(element), count - 1) + "]";
      EXPECT_EQ(verdict_of(run, list), Verdict::kNo) << element;
      EXPECT_EQ(verdict_of(reference, list), Verdict::kNo) << element;
      EXPECT_EQ(run.work() + count, reference.work()) << element << ' ' << count;
    }
  EXPECT_EQ(verdict_of(run, "[1" + repeated(R"(,{"n":1})", 2000) + "]"), Verdict::kUnknown);
}

TEST(FilterBounds, WhatIsMadeIsBounded) {
  const std::string large(700'000, 'A');
  Sample sample;
  sample.input.value = large;
  EXPECT_EQ(said_of("lower(value).contains(\"b\")", sample.input), "no");
  EXPECT_EQ(said_of("hex(value) == \"\"", sample.input), "the filter makes too much text of this record");
  EXPECT_EQ(said_of("record.valueAsText + record.valueAsText == \"a\"", sample.input),
            "the filter makes too much text of this record");
  const std::string larger(kMadeMax + 1, 'A');
  sample.input.value = larger;
  EXPECT_EQ(said_of("lower(value) == \"a\"", sample.input), "the filter makes too much text of this record");
  EXPECT_EQ(said_of("value.contains(\"AB\")", sample.input), "no");
}

TEST(FilterBounds, ALargeRecordIsNotLookedAtOverAndOver) {
  const std::string large(kLookedAtMax / 4, 'A');
  Sample sample;
  sample.input.value = large;
  EXPECT_EQ(said_of("value.contains(\"x\") || value.contains(\"y\") || value.contains(\"z\")", sample.input), "no");
  EXPECT_EQ(said_of("value.contains(\"v\")" + repeated("||value.contains(\"x\")", 4), sample.input),
            "the record is too large to be looked at so often");
}

// ---- Facts

Facts facts_in(std::string_view expression) {
  const auto filter = Filter::compile(expression, kNow);
  EXPECT_TRUE(filter) << expression;
  return filter->facts();
}

TEST(FilterFacts, ConditionsThatAllHaveToHoldNarrow) {
  const auto facts = facts_in("partition in [3, 1, 3] && offset >= 10 && 20 > offset && value.a == 1");
  EXPECT_EQ(*facts.partitions, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(facts.first_offset, 10);
  EXPECT_EQ(facts.last_offset, 19);
  EXPECT_TRUE(facts.allows({3}));
  EXPECT_FALSE(facts.allows({2}));
  EXPECT_EQ(*facts_in("partition == 1 && partition in [1, 2]").partitions, (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(facts_in("partition == 1 && partition == 2").partitions->empty());
  EXPECT_EQ(facts_in("offset == 5").last_offset, 5);
}

TEST(FilterFacts, TimesNarrowFromBelow) {
  EXPECT_EQ(facts_in("timestamp >= now - duration(\"1h\")").not_before, kNow - 3'600'000);
  EXPECT_EQ(facts_in("record.timestampMs > 5 && timestamp > timestamp(\"1970-01-01T00:00:00.003Z\")").not_before, 6);
  EXPECT_FALSE(facts_in("timestamp < now").not_before);
}

TEST(FilterFacts, WhatNeedNotHoldNarrowsNothing) {
  for (const auto expression : {"partition == 1 || true", "!(offset > 5)", "offset != 5", "offset > partition",
                                "value.offset == 5", "true ? offset == 5 : true"}) {
    const auto facts = facts_in(expression);
    EXPECT_FALSE(facts.partitions) << expression;
    EXPECT_EQ(facts.first_offset, 0) << expression;
    EXPECT_EQ(facts.last_offset, INT64_MAX) << expression;
  }
}

// ---- Times

TEST(TimeText, IsReadAndWritten) {
  const std::pair<std::string_view, std::int64_t> kTimes[] = {{"1970-01-01", 0},
                                                              {"2026-01-31T12:00:00Z", 1'769'860'800'000},
                                                              {"2026-01-31 12:00:00.5Z", 1'769'860'800'500},
                                                              {"2026-01-31t12:00:00.123456z", 1'769'860'800'123},
                                                              {"2026-01-31T12:00:00-01:30", 1'769'866'200'000},
                                                              {"2024-02-29", 1'709'164'800'000},
                                                              {"0001-01-01", -62'135'596'800'000},
                                                              {"9999-12-31T23:59:59.999Z", 253'402'300'799'999}};
  for (const auto& [text, ms] : kTimes) {
    EXPECT_EQ(parse_timestamp(text), ms) << text;
    EXPECT_EQ(parse_timestamp(timestamp_text(ms)), ms) << text;
  }
  for (const auto text :
       {"", "2026", "2026-1-1", "2026-02-29", "2026-01-31T", "2026-01-31T12:00Z", "2026-01-31T12:00:00",
        "2026-01-31T24:00:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00Zx", "0000-01-01"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
  EXPECT_EQ(timestamp_text(INT64_MAX), "9223372036854775807");
  const std::pair<std::string_view, std::int64_t> kSpans[] = {{"90m", 5'400'000}, {"1h30m", 5'400'000}, {"1.5s", 1500},
                                                              {"-250ms", -250},   {"7d", 604'800'000},  {"0", 0},
                                                              {"1500us", 1}};
  for (const auto& [text, ms] : kSpans) EXPECT_EQ(parse_duration(text), ms) << text;
  for (const auto text : {"", "-", "5", "m", "1.2.3s", "5 m", "1h-5m", "99999999999999999999h", ".s"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_EQ(duration_text(-1250), "-1.25s");
}

}  // namespace
}  // namespace thalweg::filter
