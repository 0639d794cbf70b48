// Joins of two streams against a model that keeps every record and looks at all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "thalweg/streams/dsl.h"
#include "thalweg/streams/test_driver.h"

namespace thalweg::streams::stream_join_property {
namespace {

using Text = std::string;
using Maybe = std::optional<Text>;

struct Arrived {
  bool left;
  Text key, name;
  std::int64_t time;
};

// What has met, and who met nobody when it came.
class JoinModel {
 public:
  explicit JoinModel(JoinWindows windows) : windows_(windows) {}

  void add(const Arrived& record) {
    auto& mine = record.left ? lefts_ : rights_;
    const auto& theirs = record.left ? rights_ : lefts_;
    const std::int64_t before = (record.left ? windows_.before : windows_.after).count();
    const std::int64_t after = (record.left ? windows_.after : windows_.before).count();
    const std::int64_t retention = (windows_.before + windows_.after + windows_.grace).count();
    std::int64_t newest = -1;
    for (const Arrived& other : theirs) newest = std::max(newest, other.time);
    bool met = false;
    for (const Arrived& other : theirs) {
      if (other.key != record.key || other.time <= newest - retention) continue;
      if (other.time < record.time - before || other.time > std::max<std::int64_t>(0, record.time + after)) continue;
      pairs.insert(record.left ? record.name + "+" + other.name : other.name + "+" + record.name);
      met_later.insert(other.name);
      met = true;
    }
    if (met) met_at_once.insert(record.name);
    mine.push_back(record);
  }
  std::set<Text> pairs, met_at_once, met_later;

 private:
  JoinWindows windows_;
  std::vector<Arrived> lefts_, rights_;
};

Text side_by_side(const Maybe& l, const Maybe& r) { return l.value_or("-") + "+" + r.value_or("-"); }

void run_case(unsigned seed) {
  std::mt19937 random(seed);
  const JoinWindows windows{milliseconds(random() % 8), milliseconds(random() % 8), milliseconds(random() % 5)};
  StreamsBuilder builder;
  const auto left = builder.stream<Text, Text>("l");
  left.outer_join(builder.stream<Text, Text>("r"), side_by_side, windows).to("out");
  TestDriver driver(*builder.build());
  auto lefts = driver.input<Text, Text>("l"), rights = driver.input<Text, Text>("r");
  JoinModel model(windows);
  const auto pipe = [&](const Arrived& record) {
    (record.left ? lefts : rights).pipe(record.key, record.name, Timestamp(milliseconds(record.time)));
    model.add(record);
  };
  std::vector<Arrived> all;
  std::int64_t now = 0;
  for (int i = 0; i < 25; ++i) {
    now += random() % 4 == 0 ? random() % 20 : random() % 3;
    const bool is_left = random() % 2;
    all.push_back({.left = is_left,
                   .key = Text(1, static_cast<char>('a' + random() % 2)),
                   .name = (is_left ? "L" : "R") + std::to_string(i),
                   .time = std::max<std::int64_t>(0, now - (random() % 3 ? 0 : random() % 25))});
    pipe(all.back());
  }
  for (const std::int64_t later : {1000, 2000, 3000}) pipe({true, "end", "L" + std::to_string(later), now + later});

  std::set<Text> pairs;
  std::map<Text, int> alone;
  for (auto out = driver.output<Text, Text>("out"); !out.empty();) {
    const Text value = out.read().value;
    if (value.ends_with("+-"))
      ++alone[value.substr(0, value.size() - 2)];
    else if (value.starts_with("-+"))
      ++alone[value.substr(2)];
    else
      ASSERT_TRUE(pairs.insert(value).second) << "seed " << seed << ": " << value << " met twice";
  }
  ASSERT_EQ(pairs, model.pairs) << "seed " << seed;
  for (const Arrived& record : all) {
    const int times = alone[record.name];
    if (model.met_at_once.contains(record.name))
      ASSERT_EQ(times, 0) << "seed " << seed << ": " << record.name << " met somebody when it came";
    else if (!model.met_later.contains(record.name))
      ASSERT_EQ(times, 1) << "seed " << seed << ": " << record.name << " never met anybody";
    else  // after it was given alone somebody late may still have come
      ASSERT_LE(times, 1) << "seed " << seed << ": " << record.name;
  }
}

TEST(StreamJoinProperties, EveryPairMeetsOnceAndWhoMeetsNobodyIsGivenOnce) {
  for (unsigned seed = 0; seed < 3000; ++seed) ASSERT_NO_FATAL_FAILURE(run_case(seed));
}

}  // namespace
}  // namespace thalweg::streams::stream_join_property
