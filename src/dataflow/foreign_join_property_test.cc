// Foreign-key joins against the join of the two tables as they are in the end: whatever came in between, and in which
// order answers came, nothing else stays.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "thalweg/streams/dsl.h"
#include "thalweg/streams/test_driver.h"

namespace thalweg::streams::foreign_join_property {
namespace {

using Text = std::string;
using Maybe = std::optional<Text>;
using Rows = std::map<Text, Text>;

// Rows are "foreign key:number"; "-" has none.
Maybe foreign_key(const Text& row) {
  const Text key = row.substr(0, row.find(':'));
  return key == "-" ? Maybe() : Maybe(key);
}
Text both(const Text& l, const Text& r) { return l + "+" + r; }
Text left_and(const Text& l, const Maybe& r) { return l + "+" + r.value_or("-"); }

Rows joined(const Rows& left, const Rows& right, bool outer) {
  Rows rows;
  for (const auto& [key, row] : left) {
    const Maybe foreign = foreign_key(row);
    const auto other = foreign ? right.find(*foreign) : right.end();
    if (other != right.end())
      rows[key] = both(row, other->second);
    else if (outer)
      rows[key] = left_and(row, {});
  }
  return rows;
}

Rows last_rows(TestDriver& driver, const Text& topic) {
  Rows rows;
  for (auto out = driver.output<Text, Maybe>(topic); !out.empty();) {
    const auto record = out.read();
    if (record.value)
      rows[record.key] = *record.value;
    else
      rows.erase(record.key);
  }
  return rows;
}

// Each change runs to its end before the next comes: see docs/streams/kafka-streams.md for what happens where it does
// not, as in a foreign-key join of another one's result.
Topology inner_and_left() {
  StreamsBuilder builder;
  const auto right = builder.table<Text, Text>("r");
  const auto left = builder.table<Text, Text>("l");
  left.join(right, foreign_key, both).to_stream().to("inner");
  left.left_join(right, foreign_key, left_and).to_stream().to("outer");
  return *builder.build();
}

TEST(ForeignJoinProperties, InTheEndTheResultIsTheJoinOfBothTables) {
  const Topology topology = inner_and_left();
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    TestDriver driver(topology);
    auto lefts = driver.input<Text, Maybe>("l"), rights = driver.input<Text, Maybe>("r");
    Rows left, right;
    for (int i = 0; i < 30; ++i) {
      const Text key(1 + random() % 2, static_cast<char>('a' + random() % 3));
      const Text foreign = random() % 6 == 0 ? "-" : Text(1 + random() % 2, static_cast<char>('a' + random() % 3));
      const Timestamp time(milliseconds(random() % 20));
      const bool is_left = random() % 3 != 0, goes = random() % 5 == 0;
      Rows& rows = is_left ? left : right;
      const Text row = is_left ? foreign + ":" + std::to_string(i) : std::to_string(i);
      (is_left ? lefts : rights).pipe(key, goes ? Maybe() : Maybe(row), time);
      if (goes)
        rows.erase(key);
      else
        rows[key] = row;
    }
    ASSERT_EQ(last_rows(driver, "inner"), joined(left, right, false)) << "seed " << seed;
    ASSERT_EQ(last_rows(driver, "outer"), joined(left, right, true)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::streams::foreign_join_property
