// What operations do with records, against transcripts of the Java library: testdata/behaviours.txt is what its test
// driver printed for the same topologies.
#include <gtest/gtest.h>

#include "dataflow/testing_script.h"
#include "thalweg/streams/dsl.h"

namespace thalweg::streams::behaviours_tests {
namespace {

using Text = std::optional<std::string>;
using std::string;

// Replays a section, which must read the same afterwards.
void expect_as_java(StreamsBuilder& builder, const string& title) {
  static const auto sections = sections_of(TESTDATA "/behaviours.txt");
  ASSERT_TRUE(sections.contains(title)) << title;
  const auto topology = builder.build();
  ASSERT_TRUE(topology) << topology.error().message;
  TestDriver driver(*topology);
  EXPECT_EQ(Script(driver).replay(sections.at(title)), sections.at(title));
}
string plus(const Text& a, const Text& b) { return a.value_or("null") + "+" + b.value_or("null"); }
KTable<string, string> a_table(StreamsBuilder& b, const string& topic) { return b.table<string, string>(topic); }

TEST(Behaviours, AStreamJoinsATableAsItIsNow) {
  StreamsBuilder b;
  auto stream = b.stream<Text, Text>("s");
  auto table = a_table(b, "t");
  stream.left_join(table, [](const string& s, const Text& t) { return plus(s, t); }).to("out");
  expect_as_java(b, "stream-table left join");
}

TEST(Behaviours, TablesJoinedLeft) {
  StreamsBuilder b;
  auto x = a_table(b, "x"), y = a_table(b, "y");
  x.left_join(y, [](const string& p, const Text& q) { return plus(p, q); }).to_stream().to("out");
  expect_as_java(b, "table-table left join");
}

TEST(Behaviours, TablesJoinedInner) {
  StreamsBuilder b;
  auto x = a_table(b, "x"), y = a_table(b, "y");
  x.join(y, [](const string& p, const string& q) { return plus(p, q); }).to_stream().to("out");
  expect_as_java(b, "table-table inner join");
}

TEST(Behaviours, TablesJoinedOuter) {
  StreamsBuilder b;
  auto x = a_table(b, "x"), y = a_table(b, "y");
  x.outer_join(y, plus).to_stream().to("out");
  expect_as_java(b, "table-table outer join");
}

TEST(Behaviours, ARowThatMovesToAnotherGroupIsTakenFromItsOld) {
  StreamsBuilder b;
  a_table(b, "t")
      .group_by([](const string& key, const string& value) { return std::pair(value, key); })
      .count()
      .map_values([](std::int64_t n) { return std::to_string(n); })
      .to_stream()
      .to("out");
  expect_as_java(b, "table groupBy count");
}

TEST(Behaviours, AFilterOfATableTellsOfRowsThatItLeavesOut) {
  StreamsBuilder b;
  a_table(b, "t").filter([](const string& value) { return value.starts_with("x"); }).to_stream().to("out");
  expect_as_java(b, "table filter, not materialized");
}

TEST(Behaviours, AnAggregateThatIsNothingGoes) {
  StreamsBuilder b;
  b.stream<Text, Text>("in")
      .group_by_key()
      .aggregate([] { return string(); },
                 [](const string&, const string& value, const string& so_far) {
                   return value == "del" ? Text{} : Text{so_far + value};
                 })
      .to_stream()
      .to("out");
  expect_as_java(b, "aggregate that returns null");
}

}  // namespace
}  // namespace thalweg::streams::behaviours_tests
