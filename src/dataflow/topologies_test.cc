// Topologies as Kafka Streams describes them, text against text. testdata/topologies.txt is what the Java library
// printed for the same calls: names, numbers, sub-topologies and the order of everything.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "thalweg/streams/dsl.h"

namespace thalweg::streams {
namespace {

using std::string;
using Texts = std::map<string, string>;

Texts read_texts() {
  std::ifstream file(TESTDATA "/topologies.txt");
  Texts texts;
  string line, title;
  while (std::getline(file, line)) {
    if (line.starts_with("== "))
      title = line.substr(3);
    else
      texts[title] += line + "\n";
  }
  return texts;
}
const string& java(const string& title) {
  static const Texts texts = read_texts();
  static const string none = "there is no such topology";
  const auto at = texts.find(title);
  return at == texts.end() ? none : at->second;
}
string described(StreamsBuilder& builder, const Properties& properties = {}) {
  const auto topology = builder.build(properties);
  return topology ? topology->describe() : topology.error().message;
}

using Text = std::optional<string>;
using Words = std::vector<string>;
KStream<Text, string> strings(StreamsBuilder& builder, const string& topic) {
  return builder.stream<Text, string>(topic);
}
KTable<string, string> rows(StreamsBuilder& builder, const string& topic) {
  return builder.table<string, string>(topic);
}
Words split_words(const string& line) { return {line}; }
string value_of(const string& value) { return value; }
std::pair<string, string> swapped(const Text& key, const string& value) { return {value, key.value_or("")}; }
string both(const string& a, const string& b) { return a + b; }

TEST(Topologies, WordCount) {
  StreamsBuilder b;
  strings(b, "words").flat_map_values(split_words).group_by(value_of).count().to_stream().to("counts");
  EXPECT_EQ(described(b), java("word count"));
}

TEST(Topologies, GivenNamesBurnNumbers) {
  StreamsBuilder b;
  strings(b, "words")
      .flat_map_values(split_words)
      .group_by(value_of, {.name = "by-word"})
      .count({.store = "counts-store"}, {"cnt"})
      .to_stream({"out"})
      .to("counts", {.name = "sink"});
  EXPECT_EQ(described(b), java("word count, named"));
}

TEST(Topologies, CountWithAMaterializedWithoutAStoresNameBurnsOneMore) {
  StreamsBuilder b;
  strings(b, "words")
      .flat_map_values(split_words)
      .group_by(value_of)
      .count({.value = client::serde_of<std::int64_t>()})
      .to_stream()
      .to("counts");
  EXPECT_EQ(described(b), java("word count, count(Materialized.with): one index burnt more"));
}

TEST(Topologies, AStreamThatWasRekeyedIsRepartitionedBeforeAJoin) {
  StreamsBuilder b;
  auto customers = rows(b, "customers");
  strings(b, "orders").select_key(value_of).join(customers, both).to("enriched");
  EXPECT_EQ(described(b), java("selectKey + stream-table join"));
}

TEST(Topologies, TablesJoinIntoAStore) {
  StreamsBuilder b;
  auto x = rows(b, "x"), y = rows(b, "y");
  const auto either = [](const Text& p, const Text& q) { return p.value_or("") + q.value_or(""); };
  x.outer_join(y, either, {.store = "joined"}).to_stream().to("out");
  EXPECT_EQ(described(b), java("table-table outer join, materialized"));
}

TEST(Topologies, Branches) {
  StreamsBuilder b;
  const auto always = [](const string&) { return true; };
  strings(b, "in").split({"b-"}).branch(always, "x").branch(always).default_branch();
  strings(b, "in2").split().branch(always).no_default_branch();
  EXPECT_EQ(described(b), java("branch"));
}

TEST(Topologies, ToTableAndRepartition) {
  StreamsBuilder b;
  strings(b, "in").map(swapped).to_table();
  strings(b, "in2").map(swapped).repartition().to("o");
  strings(b, "in3").repartition({.name = "rep"}).to("o3");
  EXPECT_EQ(described(b), java("toTable + repartition"));
}

TEST(Topologies, Cogroup) {
  StreamsBuilder b;
  const auto append = [](const string&, const string& value, const string& so_far) { return so_far + value; };
  auto first = strings(b, "a").group_by_key();
  auto second = strings(b, "b").group_by(value_of);
  first.cogroup<string>(append).cogroup(second, append).aggregate([] { return string(); }).to_stream().to("o");
  EXPECT_EQ(described(b), java("cogroup"));
}

TEST(Topologies, AGroupedTable) {
  StreamsBuilder b;
  rows(b, "t")
      .group_by([](const string& key, const string& value) { return std::pair(value, key); })
      .count()
      .filter([](std::int64_t n) { return n > 1; })
      .map_values([](std::int64_t n) { return n + 1; }, {.value = client::serde_of<std::int64_t>()})
      .to_stream()
      .to("o");
  EXPECT_EQ(described(b), java("table groupBy count filter mapValues"));
}

void two_aggregations(StreamsBuilder& b) {
  auto keyed = strings(b, "in").select_key(value_of);
  keyed.group_by_key().count();
  keyed.group_by_key().reduce([](const string&, const string& value) { return value; });
}

TEST(Topologies, EachAggregationHasItsTopic) {
  StreamsBuilder b;
  two_aggregations(b);
  EXPECT_EQ(described(b), java("two aggregations of one re-keyed stream, not optimised"));
}

TEST(Topologies, OptimizedTheyShareOne) {
  StreamsBuilder b;
  two_aggregations(b);
  b.table<string, string>("tt", {}, {.store = "tt-store"});
  EXPECT_EQ(described(b, {{"topology.optimization", "all"}}), java("the same, topology.optimization=all"));
}

TEST(Topologies, AGlobalTableHasANumberAndNoTask) {
  StreamsBuilder b;
  auto everywhere = b.global_table<string, string>("glob");
  strings(b, "in").join(everywhere, [](const Text&, const string& value) { return value; }, both).to("o");
  EXPECT_EQ(described(b), java("global table join"));
}

}  // namespace
}  // namespace thalweg::streams
