// The topologies of tests/interop/streams-golden/Aggregations.java.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"

namespace thalweg::streams::golden_aggregations {
namespace {

using golden::comma, golden::group, golden::Maybe, golden::out, golden::own_value, golden::stream, golden::table;
using Text = std::string;

std::vector<Text> words_of(const Maybe& value) {
  std::vector<Text> words;
  std::size_t from = 0;
  for (std::size_t at; (at = value->find(' ', from)) != Text::npos; from = at + 1)
    words.push_back(value->substr(from, at - from));
  words.push_back(value->substr(from));
  return words;
}
Text same_word(const Text& word) { return word; }
Text nothing() { return {}; }
std::optional<Text> unless_dropped(const Text&, const Text& value, const Text& sum) {
  return value.starts_with("drop") ? std::optional<Text>() : sum + value;
}
Text last(const Text&, const Text& value) { return value; }
bool is_kept(const Text& value) { return value != "drop"; }
Text loud_row(const Text& value) { return value + "!"; }
std::pair<Maybe, Text> by_group(const Text& value) { return {group(value), value}; }
Text plus(const Text& x, const Text& y) { return x + "+" + y; }
Text minus(const Text& x, const Text& y) { return x + "-" + y; }
Text add(const Text&, const Text& value, const Text& sum) { return sum + "+" + value; }
Text subtract(const Text&, const Text& value, const Text& sum) { return sum + "-" + value; }

std::vector<Golden> of_streams() {
  return {
      {"word_count",
       [](StreamsBuilder& b) {
         stream(b, "in")
             .filter([](const Maybe& v) { return v.has_value(); })
             .flat_map_values(words_of)
             .group_by(same_word)
             .count({.store = "counts"})
             .to_stream()
             .to("out");
       }},
      {"count", [](StreamsBuilder& b) { out(stream(b, "in").group_by_key().count().to_stream()); }},
      {"count_named",
       [](StreamsBuilder& b) {
         out(stream(b, "in")
                 .group_by(own_value, {.name = "by-value"})
                 .count({.store = "numbers"}, {"number"})
                 .to_stream({"changes"}));
       }},
      {"count_without_log",
       [](StreamsBuilder& b) {
         out(stream(b, "in").group_by_key().count({.store = "quiet", .logging = false}).to_stream());
       }},
      {"reduce", [](StreamsBuilder& b) { out(stream(b, "in").group_by_key().reduce(comma).to_stream()); }},
      {"aggregate",
       [](StreamsBuilder& b) { out(stream(b, "in").group_by_key().aggregate(nothing, unless_dropped).to_stream()); }},
      {"cogroup",
       [](StreamsBuilder& b) {
         const auto l = stream(b, "l").group_by_key().cogroup<Text>(
             [](const Text&, const Text& v, const Text& sum) { return sum + "l" + v; });
         out(l.cogroup(stream(b, "r").group_by([](const Maybe& k, const Maybe&) { return k; }),
                       [](const Text&, const Text& v, const Text& sum) { return sum + "r" + v; })
                 .aggregate(nothing)
                 .to_stream());
       }},
      {"two_of_one_rekeyed",
       [](StreamsBuilder& b) {
         const auto in = stream(b, "in").select_key(own_value);
         out(in.group_by_key().count().to_stream());
         out(in.group_by_key().reduce(last).to_stream());
       }},
  };
}

std::vector<Golden> of_tables() {
  return {
      {"table", [](StreamsBuilder& b) { out(table(b, "in").to_stream()); }},
      {"table_named",
       [](StreamsBuilder& b) { out(b.table<Text, Text>("in", {.name = "rows"}, {.store = "kept"}).to_stream()); }},
      {"table_filter",
       [](StreamsBuilder& b) {
         out(table(b, "in").filter(is_kept).filter_not([](const Text& v) { return v.starts_with("2"); }).to_stream());
       }},
      {"table_filter_kept",
       [](StreamsBuilder& b) { out(table(b, "in").filter(is_kept, {.store = "kept"}).to_stream()); }},
      {"table_map_values", [](StreamsBuilder& b) { out(table(b, "in").map_values(loud_row).to_stream()); }},
      {"table_map_values_kept",
       [](StreamsBuilder& b) {
         out(table(b, "in")
                 .map_values(loud_row, {.store = "kept"})
                 .filter([](const Text& v) { return !v.starts_with("drop"); })
                 .to_stream());
       }},
      {"table_count", [](StreamsBuilder& b) { out(table(b, "t").group_by(by_group).count().to_stream()); }},
      {"table_reduce",
       [](StreamsBuilder& b) { out(table(b, "t").group_by(by_group).reduce(plus, minus).to_stream()); }},
      {"table_aggregate",
       [](StreamsBuilder& b) {
         out(table(b, "t")
                 .group_by(by_group, {.name = "regroup"})
                 .aggregate(nothing, add, subtract, {.store = "sums"}, {"sum"})
                 .to_stream());
       }},
      {"table_filter_then_count",
       [](StreamsBuilder& b) {
         out(table(b, "t")
                 .filter([](const Text& v) { return !v.ends_with("0"); })
                 .map_values(loud_row)
                 .group_by(by_group)
                 .count()
                 .filter([](std::int64_t n) { return n > 1; })
                 .to_stream());
       }},
  };
}

class GoldenAggregations : public testing::TestWithParam<Golden> {};
TEST_P(GoldenAggregations, GiveWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(OfStreams, GoldenAggregations, testing::ValuesIn(of_streams()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(OfTables, GoldenAggregations, testing::ValuesIn(of_tables()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_aggregations
