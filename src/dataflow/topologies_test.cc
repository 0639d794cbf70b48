// Topologies as Kafka Streams describes them, text against text: names, numbers, sub-topologies and the order of
// everything. testdata/topologies.txt is what tests/interop/streams-golden/Descriptions.java printed for the same
// calls.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "dataflow/testing_script.h"
#include "thalweg/streams/dsl.h"

namespace thalweg::streams {
namespace {

using std::string;
using Text = std::optional<string>;

const string& java(const string& title) {
  static const auto texts = sections_of(TESTDATA "/topologies.txt");
  static const string none = "there is no such topology";
  const auto at = texts.find(title);
  return at == texts.end() ? none : at->second;
}
string described(StreamsBuilder& builder, const Properties& properties = {}) {
  const auto topology = builder.build(properties);
  return topology ? topology->describe() : topology.error().message;
}
void expect_as_java(const string& title, void (*make)(StreamsBuilder&), const Properties& properties = {}) {
  StreamsBuilder builder;
  make(builder);
  EXPECT_EQ(described(builder, properties), java(title)) << title;
}

// Functions once, so that topologies share their nodes' types.
KStream<Text, string> in(StreamsBuilder& b, const string& topic) { return b.stream<Text, string>(topic); }
KTable<string, string> rows(StreamsBuilder& b, const string& topic) { return b.table<string, string>(topic); }
std::vector<string> split_words(const string& line) { return {line}; }
bool always(const string&) { return true; }
void look(const string&) {}
string value(const string& value) { return value; }
string value_of_two(const Text&, const string& value) { return value; }
std::pair<string, string> swapped(const Text& key, const string& value) { return {value, key.value_or("")}; }
std::pair<string, string> by_value(const string& key, const string& value) { return {value, key}; }
string both(const string& a, const string& b) { return a + b; }
string left(const string& a, const Text& b) { return a + b.value_or(""); }
string either(const Text& a, const Text& b) { return a.value_or("") + b.value_or(""); }
string append(const string&, const string& value, const string& so_far) { return so_far + value; }
string nothing() { return {}; }
Materialized<string, string> serdes_only() { return {.key = client::serde_of<string>()}; }

struct Ignoring : Processor<Text, string, string, string> {
  void process(In) override {}
};
std::unique_ptr<Ignoring> ignoring() { return std::make_unique<Ignoring>(); }

TEST(Topologies, WordCount) {
  expect_as_java("word count", [](StreamsBuilder& b) {
    in(b, "words").flat_map_values(split_words).group_by(value).count().to_stream().to("counts");
  });
}

TEST(Topologies, GivenNamesBurnNumbers) {
  expect_as_java("word count, named", [](StreamsBuilder& b) {
    in(b, "words")
        .flat_map_values(split_words)
        .group_by(value, {.name = "by-word"})
        .count({.store = "counts-store"}, {"cnt"})
        .to_stream({"out"})
        .to("counts", {.name = "sink"});
  });
}

TEST(Topologies, CountWithAMaterializedWithoutAStoresNameBurnsOneMore) {
  expect_as_java("word count, count(Materialized.with): one index burnt more", [](StreamsBuilder& b) {
    in(b, "words")
        .flat_map_values(split_words)
        .group_by(value)
        .count({.value = client::serde_of<std::int64_t>()})
        .to_stream()
        .to("counts");
  });
}

TEST(Topologies, Branches) {
  expect_as_java("branch", [](StreamsBuilder& b) {
    in(b, "in").split({"b-"}).branch(always, "x").branch(always).default_branch();
    in(b, "in2").split().branch(always).no_default_branch();
  });
}

TEST(Topologies, ToTableAndRepartition) {
  expect_as_java("toTable + repartition", [](StreamsBuilder& b) {
    in(b, "in").map(swapped).to_table();
    in(b, "in2").map(swapped).repartition().to("o");
    in(b, "in3").repartition({.name = "rep"}).to("o3");
  });
}

TEST(Topologies, Cogroups) {
  expect_as_java("cogroup", [](StreamsBuilder& b) {
    auto first = in(b, "a").group_by_key();
    auto second = in(b, "b").group_by(value);
    first.cogroup<string>(append).cogroup(second, append).aggregate(nothing).to_stream().to("o");
  });
  expect_as_java("cogroup, named", [](StreamsBuilder& b) {
    auto first = in(b, "a").group_by(value, {.name = "first"});
    auto second = in(b, "b").group_by(value, {.name = "second"});
    first.cogroup<string>(append)
        .cogroup(second, append)
        .aggregate(nothing, {.store = "store"}, {"both"})
        .to_stream()
        .to("o");
  });
}

TEST(Topologies, ANamedGroupingGoesThroughOneTopic) {
  expect_as_java("a named grouping aggregated twice", [](StreamsBuilder& b) {
    auto grouped = in(b, "in").group_by(value, {.name = "by-value"});
    grouped.count();
    in(b, "other").to("out");
    grouped.reduce(both);
  });
}

TEST(Topologies, AStreamThatWasRekeyedIsRepartitionedBeforeAJoin) {
  expect_as_java("selectKey + stream-table join", [](StreamsBuilder& b) {
    auto customers = rows(b, "customers");
    in(b, "orders").select_key(value).join(customers, both).to("enriched");
  });
}

TEST(Topologies, JoinsWithoutANameShareARepartition) {
  expect_as_java("a re-keyed stream joined twice", [](StreamsBuilder& b) {
    auto one = rows(b, "one"), two = rows(b, "two");
    auto keyed = in(b, "in").select_key(value);
    keyed.join(one, both).to("o1");
    keyed.left_join(two, left).to("o2");
    keyed.join(two, both, {.name = "third"}).to("o3");
    keyed.join(one, both).to("o4");
  });
}

TEST(Topologies, GlobalTablesHaveANumberAndNoTask) {
  expect_as_java("global table join", [](StreamsBuilder& b) {
    auto everywhere = b.global_table<string, string>("glob");
    in(b, "in").join(everywhere, value_of_two, both).to("o");
  });
  expect_as_java("joins in the middle, global tables first and last", [](StreamsBuilder& b) {
    auto first = b.global_table<string, string>("first", {.name = "f"});
    auto stream = in(b, "in").left_join(first, value_of_two, left, {"with-first"});
    auto last = b.global_table<string, string>("last", {}, {.store = "last-store"});
    stream.join(last, value_of_two, both).to("o");
  });
}

TEST(Topologies, TablesAreJoined) {
  expect_as_java("table-table outer join, materialized", [](StreamsBuilder& b) {
    auto x = rows(b, "x"), y = rows(b, "y");
    x.outer_join(y, either, {.store = "joined"}).to_stream().to("out");
  });
  expect_as_java("a table joined with itself", [](StreamsBuilder& b) {
    auto x = rows(b, "x");
    auto twice = x.join(x, both);
    twice.join(rows(b, "y"), both).to_stream().to("out");
  });
  expect_as_java("tables joined in a chain", [](StreamsBuilder& b) {
    auto x = rows(b, "x");
    auto y = b.table<string, string>("y", {.name = "why"}, {.store = "y-store"});
    auto z = rows(b, "z");
    x.join(y, both, {}, {"xy"}).left_join(z, left, serdes_only()).filter(always).join(x, both).to_stream().to("out");
  });
}

TEST(Topologies, TablesAreGrouped) {
  expect_as_java("table groupBy count filter mapValues", [](StreamsBuilder& b) {
    rows(b, "t")
        .group_by(by_value)
        .count()
        .filter([](std::int64_t n) { return n > 1; })
        .map_values([](std::int64_t n) { return n + 1; }, {.value = client::serde_of<std::int64_t>()})
        .to_stream()
        .to("o");
  });
  expect_as_java("a grouped table, named", [](StreamsBuilder& b) {
    rows(b, "t")
        .group_by(by_value, {.name = "by-value"})
        .reduce(both, both, {.store = "last-store"}, {"last"})
        .to_stream()
        .to("out");
  });
}

TEST(Topologies, ATablesStoreIsThereWhereItIsNamedOrLookedInto) {
  expect_as_java("filters with a Materialized", [](StreamsBuilder& b) {
    rows(b, "t")
        .filter(always, serdes_only())
        .map_values(value, {.store = "kept"}, {"same"})
        .filter_not(always, {}, {"none"})
        .to_stream()
        .to("out");
  });
  expect_as_java("a table of a stream, in use", [](StreamsBuilder& b) {
    auto table = in(b, "in").select_key(value).to_table({.store = "rows-store"}, {"rows"});
    in(b, "in2").join(table, both).to("out");
  });
}

void aggregated_twice(StreamsBuilder& b) {
  auto keyed = in(b, "in").select_key(value);
  keyed.group_by_key().count();
  keyed.group_by_key().reduce(both);
}
void merged_then_joined(StreamsBuilder& b) {
  auto table = rows(b, "t");
  auto one = in(b, "one").select_key(value), two = in(b, "two").map(swapped);
  auto merged = one.merge(two);
  merged.join(table, both).to("o1");
  merged.group_by_key().count();
  merged.group_by_key({.name = "named"}).count();
}
void values_between(StreamsBuilder& b) {
  auto keyed = in(b, "in").select_key(value);
  keyed.map_values(value).group_by_key().count();
  keyed.peek(look).group_by_key().count();
  keyed.filter(always).group_by_key().reduce(both);
}

TEST(Topologies, EachAggregationHasItsTopicAndOptimizedTheyShareOne) {
  const Properties all = {{"topology.optimization", "all"}};
  expect_as_java("two aggregations of one re-keyed stream, not optimised", aggregated_twice);
  expect_as_java(
      "the same, topology.optimization=all",
      [](StreamsBuilder& b) {
        aggregated_twice(b);
        b.table<string, string>("tt", {}, {.store = "tt-store"});
      },
      all);
  expect_as_java("merged streams, joined and counted", merged_then_joined);
  expect_as_java("merged streams, joined and counted, optimized", merged_then_joined, all);
  expect_as_java("values that change in between", values_between);
  expect_as_java("values that change in between, optimized", values_between,
                 {{"topology.optimization", "merge.repartition.topics"}});
}

TEST(Topologies, NodesStandByTheSizeOfWhatFollows) {
  expect_as_java("many children of different sizes", [](StreamsBuilder& b) {
    auto stream = in(b, "in");
    for (int i = 0; i < 14; ++i) {
      auto at = stream;
      for (int j = 0; j < i * 5 % 7; ++j) at = at.filter(always, {"f" + std::to_string(i) + "-" + std::to_string(j)});
      at.to("out" + std::to_string(i % 3), {.name = "sink" + std::to_string(i)});
    }
  });
  expect_as_java("diamonds", [](StreamsBuilder& b) {
    auto at = in(b, "in");
    for (const string i : {"0", "1", "2", "3"}) {
      auto one = at.filter(always, {"left" + i});
      auto other = at.map_values(value).peek(look, {"right" + i});
      at = other.merge(one).merge(in(b, "more" + i), {"met" + i});
    }
    at.to("out");
  });
}

TEST(Topologies, StoresTieProcessorsTogether) {
  expect_as_java("processors that share stores", [](StreamsBuilder& b) {
    for (const string name : {"s1", "s2", "s3"}) b.add_state_store(stores::key_value<string, string>(name));
    in(b, "a").process(ignoring, {"s1", "s2"}).to("o1");
    in(b, "b").process(ignoring, {}, {"alone"}).to("o2");
    in(b, "c").process(ignoring, {"s3", "s2"}, {"shares"}).group_by_key().count();
  });
}

TEST(Topologies, EqualTopicsAreReadOnce) {
  expect_as_java("topics read together, and again", [](StreamsBuilder& b) {
    b.stream<Text, string>(std::vector<string>{"zeta", "alpha", "mid"}).to("o1");
    b.stream<Text, string>(std::vector<string>{"mid", "alpha", "zeta"}).filter(always).to("o2");
  });
}

TEST(Topologies, WindowsAndTheirJoins) {
  expect_as_java("windowed count + suppress", [](StreamsBuilder& b) {
    in(b, "clicks")
        .group_by_key()
        .windowed_by(TimeWindows::of(10s, 5s))
        .count()
        .suppress(Suppressed::until_window_closes())
        .to_stream()
        .to("out");
  });
  expect_as_java("session aggregate, sliding reduce", [](StreamsBuilder& b) {
    in(b, "in")
        .group_by_key()
        .windowed_by(SessionWindows{.gap = 5s, .grace = 1s})
        .aggregate(nothing, append, append, serdes_only());
    in(b, "in2").group_by_key().windowed_by(SlidingWindows{.difference = 5s, .grace = 0s}).reduce(both);
  });
  expect_as_java("fk join", [](StreamsBuilder& b) {
    auto customers = rows(b, "customers"), orders = rows(b, "orders");
    orders.join(customers, value, both).to_stream().to("enriched");
  });
  expect_as_java("stream-stream left join", [](StreamsBuilder& b) {
    auto l = in(b, "l"), r = in(b, "r");
    l.left_join(r, left, JoinWindows::of(10s, 2s)).to("out");
  });
  expect_as_java("stream-stream outer join, named", [](StreamsBuilder& b) {
    auto l = in(b, "l"), r = in(b, "r");
    l.outer_join(r, either, JoinWindows::of(10s, 2s), {.name = "N", .store = "J"}).to("out");
  });
}

}  // namespace
}  // namespace thalweg::streams
