// The DSL's operations through TestDriver, and what build() says of those that do not go together.
#include "thalweg/streams/dsl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/testing_script.h"
#include "thalweg/client/json.h"

namespace thalweg::streams::dsl_tests {
namespace {

using std::string;
using Text = std::optional<string>;
using Pairs = std::vector<std::pair<string, string>>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Topology built(StreamsBuilder& builder, const Properties& properties = {}) {
  auto topology = builder.build(properties);
  if (!topology) throw std::runtime_error(topology.error().message);
  return *topology;
}
string mistakes_of(StreamsBuilder& builder) {
  const auto topology = builder.build();
  return topology ? string("none") : topology.error().message;
}
std::vector<string> words_of(const string& line) {
  std::vector<string> words;
  for (std::size_t at = 0; at < line.size();) {
    const auto end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}
Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

struct Plain {};  // has no serde

TEST(Dsl, CountsWords) {
  StreamsBuilder b;
  b.stream<Text, string>("lines")
      .flat_map_values(words_of)
      .group_by([](const string& word) { return word; })
      .count({.store = "counts"})
      .to_stream()
      .to("word-counts");
  TestDriver driver(built(b));
  auto lines = driver.input<Text, string>("lines");
  auto counts = driver.output<string, std::int64_t>("word-counts");
  lines.pipe({}, "a b a", at(7));
  EXPECT_THAT(counts.read_all(), ElementsAre(Pair("a", 1), Pair("b", 1), Pair("a", 2)));
  EXPECT_EQ((driver.store<KeyValueStore<string, std::int64_t>>("counts").get("a")), 2);
}

TEST(Dsl, StatelessOperationsTakeValueKeyAndRecord) {
  StreamsBuilder b;
  auto in = b.stream<string, string>("in");
  in.filter([](const string& value) -> Result<bool> { return value != "drop"; })
      .filter_not([](const string& key, const string&) { return key == "skip"; })
      .map_values([](const Record<string, string>& r) { return r.key + ":" + r.value; })
      .map([](const string& key, const string& value) { return std::pair(value, key); })
      .select_key([](const string& key, const string&) { return key + "!"; })
      .flat_map([](const string& key, const string& value) { return Pairs{{key, value}, {value, key}}; })
      .to("out");
  TestDriver driver(built(b));
  auto input = driver.input<string, string>("in");
  input.pipe("k", "drop");
  input.pipe("skip", "v");
  input.pipe("k", "v");
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("k:v!", "k"), Pair("k", "k:v!")));
}

TEST(Dsl, HeadersAndTimeGoWithARecord) {
  StreamsBuilder b;
  b.stream<string, string>("in").map_values([](const string& v) { return v + v; }).to("out");
  TestDriver driver(built(b));
  driver.pipe_raw({.topic = "in", .key = "k", .value = "v", .headers = {{"h", "1"}}, .timestamp = at(5)});
  auto messages = driver.drain_raw();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].headers.last("h"), "1");
  EXPECT_EQ(messages[0].timestamp, at(5));
  EXPECT_EQ(messages[0].value, "vv");
}

TEST(Dsl, PeekLooksAndForEachEnds) {
  StreamsBuilder b;
  auto seen = std::make_shared<std::vector<string>>();
  auto in = b.stream<string, string>("in");
  in.peek([seen](const string& v) { seen->push_back("peek " + v); }).to("out");
  in.for_each([seen](const string& k, const string& v) { seen->push_back(k + v); });
  TestDriver driver(built(b));
  driver.input<string, string>("in").pipe("k", "v");
  EXPECT_THAT(*seen, ElementsAre("peek v", "kv"));
  EXPECT_EQ(driver.drain_raw().size(), 1u);
}

TEST(Dsl, AFunctionThatReturnsAnErrorFailsItsRecord) {
  StreamsBuilder b;
  b.stream<string, string>("in")
      .map_values([](const string& v) -> Result<string> { return v == "bad" ? Result<string>(fail("no")) : v; },
                  {"check"})
      .to("out");
  std::string told;
  AppConfig config{.application_id = "test"};
  config.on_process_error = [&](const ErrorContext&, const Error& error) {
    told = error.message;
    return Verdict::kResume;
  };
  TestDriver driver(built(b), config);
  auto in = driver.input<string, string>("in");
  in.pipe("k", "bad");
  in.pipe("k", "good");
  EXPECT_THAT(told, HasSubstr("no"));
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("k", "good")));
}

TEST(Dsl, BranchesGoToTheFirstThatHolds) {
  StreamsBuilder b;
  auto [big, even, rest] = b.stream<string, std::int64_t>("in").branch([](std::int64_t n) { return n > 10; },
                                                                       [](std::int64_t n) { return n % 2 == 0; });
  big.to("big");
  even.to("even");
  rest.to([](const string& key, std::int64_t) { return "rest-" + key; });
  TestDriver driver(built(b));
  auto in = driver.input<string, std::int64_t>("in");
  for (const std::int64_t n : {12, 4, 3}) in.pipe("k", n);
  std::vector<string> topics;
  for (const auto& message : driver.drain_raw()) topics.push_back(message.topic);
  EXPECT_THAT(topics, ElementsAre("big", "even", "rest-k"));
}

TEST(Dsl, StreamsMergeAndNullsAreLeftOut) {
  StreamsBuilder b;
  auto a = b.stream<string, Text>("a"), c = b.stream<string, Text>("c");
  a.merge(c).not_null().to("out");
  TestDriver driver(built(b));
  driver.input<string, Text>("a").pipe("k", {});
  driver.input<string, Text>("a").pipe("k", "1");
  driver.input<string, Text>("c").pipe("k", "2");
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("k", "1"), Pair("k", "2")));
}

TEST(Dsl, ANullWhereTheTypeHasNoRoomIsAnErrorThatSaysSo) {
  StreamsBuilder b;
  b.stream<string, string>("in").group_by_key().count();
  TestDriver driver(built(b));
  try {
    driver.pipe_raw({.topic = "in", .key = "k", .value = {}});
    FAIL();
  } catch (const TestFailure& e) {
    EXPECT_THAT(e.error.message, HasSubstr("std::optional"));
  }
}

TEST(Dsl, StreamsOfOneTopicReadItOnce) {
  StreamsBuilder b;
  b.stream<string, string>("in").to("one");
  b.stream<string, Text>("in").to("two");
  const Topology topology = built(b);
  EXPECT_THAT(topology.describe(), HasSubstr("--> KSTREAM-SINK-0000000001, KSTREAM-SINK-0000000003"));
  TestDriver driver(topology);
  driver.input<string, string>("in").pipe("k", "v");
  EXPECT_EQ(driver.drain_raw().size(), 2u);
}

TEST(Dsl, ATableFromAStreamIsItsLastValues) {
  StreamsBuilder b;
  b.stream<Text, Text>("in").to_table({.store = "rows"});
  TestDriver driver(built(b));
  auto in = driver.input<Text, Text>("in");
  auto& rows = driver.store<KeyValueStore<string, string>>("rows");
  in.pipe("a", "1");
  in.pipe("a", "2");
  in.pipe({}, "nobody's");
  EXPECT_EQ(rows.get("a"), "2");
  in.pipe("a", {});
  EXPECT_EQ(rows.get("a"), std::nullopt);
  EXPECT_EQ(driver.dropped_records(), 1u);
}

TEST(Dsl, RepartitionedRecordsComeBack) {
  StreamsBuilder b;
  b.stream<string, string>("in")
      .select_key([](const string& v) { return v; })
      .repartition({.name = "by-value", .partitions = 3})
      .map_values([](const string& k, const string&) { return k; })
      .to("out");
  const Topology topology = built(b);
  EXPECT_EQ(topology.graph()->repartition_topics.at(0).partitions, 3);
  TestDriver driver(topology);
  driver.input<string, string>("in").pipe("k", "v");
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("v", "v")));
}

TEST(Dsl, RecordsWithoutAKeyDoNotGoThroughARepartition) {
  StreamsBuilder b;
  b.stream<string, Text>("in").select_key([](const Text& v) { return v; }).group_by_key().count();
  TestDriver driver(built(b));
  driver.input<string, Text>("in").pipe("k", {});
  EXPECT_TRUE(driver.drain_raw().empty());
}

TEST(Dsl, ALeftJoinBelowTakesThemThrough) {
  StreamsBuilder b;
  auto table = b.table<string, string>("t");
  b.stream<string, string>("in")
      .select_key([](const string&) { return Text{}; })
      .left_join(table, [](const string& v, const Text& t) { return v + t.value_or("-"); })
      .to("out");
  TestDriver driver(built(b));
  driver.input<string, string>("in").pipe("k", "v");
  auto out = driver.output<Text, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair(Text{}, "v-")));
}

TEST(Dsl, AGlobalTableIsFoundByAnyKey) {
  StreamsBuilder b;
  auto names = b.global_table<string, string>("names", {}, {.store = "names-store"});
  b.stream<string, string>("in")
      .join(
          names, [](const string&, const string& v) { return v; },
          [](const string& v, const string& name) { return v + "=" + name; })
      .to("out");
  TestDriver driver(built(b));
  driver.input<string, string>("names").pipe("1", "one");
  auto in = driver.input<string, string>("in");
  in.pipe("k", "1");
  in.pipe("k", "2");
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("k", "1=one")));
}

TEST(Dsl, ReduceAndCogroup) {
  StreamsBuilder b;
  auto in = b.stream<string, string>("in").group_by_key();
  auto other = b.stream<string, std::int64_t>("numbers").group_by_key();
  in.reduce([](const string& so_far, const string& v) { return so_far + v; }).to_stream().to("reduced");
  const auto text = [](const string&, const string& v, const string& so_far) { return so_far + v; };
  const auto number = [](const string&, std::int64_t n, const string& so_far) { return so_far + std::to_string(n); };
  in.cogroup<string>(text).cogroup(other, number).aggregate([] { return string("="); }).to_stream().to("together");
  TestDriver driver(built(b));
  driver.input<string, string>("in").pipe("k", "a");
  driver.input<string, std::int64_t>("numbers").pipe("k", 7);
  driver.input<string, string>("in").pipe("k", "b");
  auto reduced = driver.output<string, string>("reduced"), together = driver.output<string, string>("together");
  EXPECT_THAT(reduced.read_all(), ElementsAre(Pair("k", "a"), Pair("k", "ab")));
  EXPECT_THAT(together.read_all(), ElementsAre(Pair("k", "=a"), Pair("k", "=a7"), Pair("k", "=a7b")));
}

TEST(Dsl, AGroupedTableReducesAndAggregates) {
  StreamsBuilder b;
  auto grouped = b.table<string, std::int64_t>("t").group_by(
      [](const string& key, std::int64_t n) { return std::pair(key.substr(0, 1), n); });
  const auto plus = [](std::int64_t a, std::int64_t n) { return a + n; };
  const auto minus = [](std::int64_t a, std::int64_t n) { return a - n; };
  grouped.reduce(plus, minus).to_stream().not_null().to("sums");
  grouped
      .aggregate([] { return string(); },
                 [](const string&, std::int64_t n, const string& s) { return s + "+" + std::to_string(n); },
                 [](const string&, std::int64_t n, const string& s) { return s + "-" + std::to_string(n); })
      .to_stream()
      .not_null()
      .to("history");
  TestDriver driver(built(b));
  auto t = driver.input<string, std::int64_t>("t");
  t.pipe("a1", 5);
  t.pipe("a2", 7);
  t.pipe("a1", 1);
  auto sums = driver.output<string, std::int64_t>("sums");
  auto history = driver.output<string, string>("history");
  EXPECT_THAT(sums.read_all(), ElementsAre(Pair("a", 5), Pair("a", 12), Pair("a", 8)));
  EXPECT_THAT(history.read_all(), ElementsAre(Pair("a", "+5"), Pair("a", "+5+7"), Pair("a", "+5+7-5+1")));
}

TEST(Dsl, ATableThatIsKeptNowhereIsSeenThroughItsParents) {
  StreamsBuilder b;
  auto doubled =
      b.table<string, std::int64_t>("t").filter([](std::int64_t n) { return n > 1; }).map_values([](std::int64_t n) {
        return n * 2;
      });
  b.stream<string, string>("in")
      .join(doubled, [](const string& v, std::int64_t n) { return v + std::to_string(n); })
      .to("out");
  TestDriver driver(built(b));
  auto t = driver.input<string, std::int64_t>("t");
  t.pipe("a", 1);
  t.pipe("b", 4);
  driver.input<string, string>("in").pipe("a", "v");
  driver.input<string, string>("in").pipe("b", "v");
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("b", "v8")));
}

TEST(Dsl, AnOptimizedTableReadsItsTopicBack) {
  StreamsBuilder b;
  b.table<string, string>("t", {}, {.store = "rows"});
  const auto plain = built(b), optimized = built(b, {{"topology.optimization", "reuse.ktable.source.topics"}});
  EXPECT_FALSE(plain.graph()->stores.at(0).source_topic);
  EXPECT_TRUE(plain.graph()->stores.at(0).logging);
  EXPECT_EQ(optimized.graph()->stores.at(0).source_topic, "t");
}

struct City {
  string name;
};
THALWEG_DESCRIBE(City, name)

TEST(Dsl, GroupsNeedNoComparison) {
  StreamsBuilder b;
  b.table<string, string>("people")
      .group_by([](const string& person, const string& city) { return std::pair(City{city}, person); })
      .count()
      .to_stream()
      .not_null()
      .map([](const City& city, std::int64_t n) { return std::pair(city.name, n); })
      .to("out");
  TestDriver driver(built(b));
  auto people = driver.input<string, string>("people");
  people.pipe("ann", "Oslo");
  people.pipe("ann", "Oslo");
  auto out = driver.output<string, std::int64_t>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("Oslo", 1), Pair("Oslo", 0), Pair("Oslo", 1)));
}

struct Doubling : Processor<string, string, string, string> {
  void process(In record) override {
    auto& seen = context().store<KeyValueStore<string, string>>("seen");
    const bool again = seen.put_if_absent(record.key, record.value).has_value();
    record.value += again ? " again" : "";
    context().forward(std::move(record));
  }
};

TEST(Dsl, AProcessorWithAStore) {
  StreamsBuilder b;
  b.add_state_store(stores::key_value<string, string>("seen"));
  b.stream<string, string>("in").process([] { return std::make_unique<Doubling>(); }, {"seen"}).to("out");
  TestDriver driver(built(b));
  auto in = driver.input<string, string>("in");
  in.pipe("k", "1");
  in.pipe("k", "2");
  auto out = driver.output<string, string>("out");
  EXPECT_THAT(out.read_all(), ElementsAre(Pair("k", "1"), Pair("k", "2 again")));
}

// ---- Mistakes

TEST(DslMistakes, AreSaidTogether) {
  StreamsBuilder b;
  auto in = b.stream<string, string>("in");
  in.filter([](const string&) { return true; }, {"two words"});
  in.map_values([](const string&) { return Plain{}; }).to("out", {.name = "sink"});
  in.process([] { return std::make_unique<Doubling>(); }, {"nowhere"}, {"twice"});
  in.process([] { return std::make_unique<Doubling>(); }, {"nowhere"}, {"twice"});
  const string said = mistakes_of(b);
  EXPECT_THAT(said, HasSubstr("5 mistakes"));
  EXPECT_THAT(said, HasSubstr("\"two words\""));
  EXPECT_THAT(said, HasSubstr("sink: its value has type"));
  EXPECT_THAT(said, HasSubstr("Plain"));
  EXPECT_THAT(said, HasSubstr("the store nowhere, which is not added"));
  EXPECT_THAT(said, HasSubstr("twice: two nodes have this name"));
}

TEST(DslMistakes, ATopicReadAsTwoThings) {
  StreamsBuilder types, topics, resets, table;
  types.stream<string, string>("in").to("a");
  types.stream<string, std::int64_t>("in").to("b");
  EXPECT_THAT(mistakes_of(types), HasSubstr("as other types"));
  topics.stream<string, string>("in").to("a");
  topics.stream<string, string>(std::vector<string>{"in", "more"}).to("b");
  EXPECT_THAT(mistakes_of(topics), HasSubstr("with other topics"));
  resets.stream<string, string>("in", {.reset = OffsetReset::kEarliest}).to("a");
  resets.stream<string, string>("in", {.reset = OffsetReset::kLatest}).to("b");
  EXPECT_THAT(mistakes_of(resets), HasSubstr("another offset reset"));
  table.stream<string, string>("in").to("a");
  table.table<string, string>("in");
  EXPECT_THAT(mistakes_of(table), HasSubstr("already read by"));
}

TEST(DslMistakes, JoinedTopicsWithDifferentFixedPartitions) {
  StreamsBuilder b;
  auto table = b.stream<string, string>("t").repartition({.name = "x", .partitions = 2}).to_table();
  b.stream<string, string>("s")
      .repartition({.name = "y", .partitions = 3})
      .join(table, [](const string& v, const string& t) { return v + t; })
      .to("out");
  EXPECT_THAT(mistakes_of(b), HasSubstr("x-repartition has 2, y-repartition has 3"));
}

// The sources that must have equally many partitions, by what they are called in the end.
std::vector<std::vector<string>> copartitioned(const Topology& topology) { return topology.graph()->copartitioned; }

TEST(Dsl, JoinedTopicsStayTogetherWhereverTheirSourcesWent) {
  StreamsBuilder read_once;
  auto table = read_once.table<string, string>("t");
  const auto both = [](const string& v, const string& t) { return v + t; };
  read_once.stream<string, string>("in").to("out");
  read_once.stream<string, string>("in").join(table, both).to("joined");
  EXPECT_THAT(copartitioned(built(read_once)),
              ElementsAre(ElementsAre("KSTREAM-SOURCE-0000000001", "KSTREAM-SOURCE-0000000003")));

  StreamsBuilder optimized;
  auto rows = optimized.table<string, string>("t");
  optimized.stream<string, string>("in").select_key([](const string& v) { return v; }).join(rows, both).to("joined");
  EXPECT_THAT(
      copartitioned(built(optimized, {{"topology.optimization", "all"}})),
      ElementsAre(ElementsAre("KSTREAM-KEY-SELECT-0000000004-repartition-source", "KSTREAM-SOURCE-0000000001")));
}

TEST(Dsl, ATableLookedIntoTwiceIsConnectedOnce) {
  StreamsBuilder b;
  auto x = b.table<string, string>("x"), y = b.table<string, string>("y");
  const auto both = [](const string& p, const string& q) { return p + q; };
  x.join(x, both).join(y, both);
  for (const auto& node : built(b).graph()->nodes) EXPECT_LE(node.stores.size(), 1u) << node.name;
}

TEST(Dsl, BuildsAgainWithWhatCameLater) {
  StreamsBuilder b;
  auto keyed = b.stream<string, string>("in").select_key([](const string& v) { return v; });
  keyed.group_by_key().count();
  const Properties all = {{"topology.optimization", "all"}};
  const string once = built(b, all).describe();
  EXPECT_EQ(built(b, all).describe(), once);
  keyed.to("out");
  EXPECT_THAT(built(b).describe(), HasSubstr("KSTREAM-SINK-0000000007 (topic: out)"));
}

TEST(DslMistakes, AnOptimizationThatDoesNotExist) {
  StreamsBuilder b;
  b.stream<string, string>("in").to("out");
  EXPECT_THAT(b.build({{"topology.optimization", "everything"}}).error().message, HasSubstr("\"everything\""));
  EXPECT_TRUE(b.build({{"topology.optimization", "merge.repartition.topics, reuse.ktable.source.topics"}}));
}

TEST(Topology, TypesThatDoNotFitAreNamed) {
  Topology topology;
  topology.add_source<string, std::int64_t>("numbers", {"numbers"})
      .add_processor("doubling", [] { return std::make_unique<Doubling>(); }, {"numbers"});
  EXPECT_THAT(topology.check().error().message, HasSubstr("doubling: it does not take what numbers gives"));
}

TEST(Topology, WhatIsConnectedWronglyIsNamed) {
  Topology topology;
  topology.add_sink<string, string>("out", "out", {"later"})
      .add_source<string, string>("later", {})
      .add_processor("alone", [] { return std::make_unique<Doubling>(); }, {})
      .add_processor("after", [] { return std::make_unique<Doubling>(); }, {"out"});
  const string said = topology.check().error().message;
  EXPECT_THAT(said, HasSubstr("out: its parent later is not there: add it first"));
  EXPECT_THAT(said, HasSubstr("later: it reads no topic"));
  EXPECT_THAT(said, HasSubstr("alone: it has no parents"));
  EXPECT_THAT(said, HasSubstr("after: its parent out is a sink"));
  EXPECT_THAT(Topology().check().error().message, HasSubstr("no nodes"));
}

TEST(Topology, IsDrawn) {
  StreamsBuilder b;
  b.stream<string, string>("in").group_by_key().count({.store = "counts"}).to_stream().to("out");
  const string picture = built(b).dot();
  EXPECT_THAT(picture, HasSubstr("digraph topology {"));
  EXPECT_THAT(picture, HasSubstr("subgraph cluster_0"));
  EXPECT_THAT(picture, HasSubstr("\"topic:in\" -> \"node:KSTREAM-SOURCE-0000000000\";"));
  EXPECT_THAT(picture, HasSubstr("\"store:counts\" [label=\"counts\", shape=cylinder];"));
}

// ---- Changes on repartition topics (KIP-904)

string hex(const string& bytes) {
  string text;
  for (const char c : bytes)
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4], text += "0123456789abcdef"[c & 15];
  return text;
}

TEST(ChangedSerde, BytesAreThoseOfKafkaStreams) {
  const auto serde = detail::changed_serde(client::serde_of<string>());
  const auto bytes = [&](const detail::Change<string>& change) {
    string out;
    EXPECT_TRUE(serde.write(change, out, {}));
    const auto back = serde.read(out, {});
    EXPECT_TRUE(back && back->now == change.now && back->before == change.before);
    return hex(out);
  };
  EXPECT_EQ(bytes({.now = "new", .before = {}}), "6e657701");
  EXPECT_EQ(bytes({.now = {}, .before = "old"}), "6f6c6400");
  EXPECT_EQ(bytes({.now = "new", .before = "old"}), "066e65776f6c6402");
  EXPECT_EQ(bytes({.now = string(100, 'n'), .before = ""}).substr(0, 6), "c8016e");
}

TEST(ChangedSerde, DamagedBytesAreAnError) {
  const auto serde = detail::changed_serde(client::serde_of<string>());
  for (const string& bytes :
       {string(), string("\x03", 1), string("\x02", 1), string("\x0f\x02", 2), string("\x63\x02", 2),
        string("\x0e"
               "a\x02",
               3),
        string("\x03"
               "ab\x02",
               4),
        string("\xff\xff\xff\xff\xff\xff\x02", 7)})
    EXPECT_FALSE(serde.read(bytes, {})) << hex(bytes);
}

}  // namespace
}  // namespace thalweg::streams::dsl_tests
