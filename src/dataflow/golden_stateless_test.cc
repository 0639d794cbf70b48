// The topologies of tests/interop/streams-golden/Stateless.java.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"

namespace thalweg::streams::golden_stateless {
namespace {

using golden::Maybe, golden::out, golden::stream;
using Pair = std::pair<Maybe, Maybe>;

bool is_there(const Maybe& value) { return value.has_value(); }
Maybe loud(const Maybe& value) { return *value + "!"; }
Pair swapped(const Maybe& key, const Maybe& value) { return {value, key}; }
Maybe first_letter_key(const Maybe& value) { return value; }
void look(const Maybe&) {}
bool is_one(const Maybe& value) { return value->starts_with("1"); }
std::string topic_of(const Maybe& value) { return value->starts_with("1") ? "ones" : "rest"; }

std::vector<Maybe> words_in(const Maybe& value) {
  std::vector<Maybe> words;
  std::size_t from = 0;
  for (std::size_t at; (at = value->find(' ', from)) != std::string::npos; from = at + 1)
    words.push_back(value->substr(from, at - from));
  words.push_back(value->substr(from));
  return words;
}
std::vector<Pair> twice(const Maybe& key, const Maybe& value) { return {{value, key}, {*value + *value, key}}; }

std::vector<Golden> stateless() {
  return {
      {"filter_and_map",
       [](StreamsBuilder& b) {
         stream(b, "in")
             .filter([](const Maybe& v) { return v && *v != "drop"; })
             .filter_not([](const Maybe& v) { return v->empty(); })
             .map_values(loud)
             .map(swapped)
             .peek(look)
             .to("out");
       }},
      {"filter_and_map_named",
       [](StreamsBuilder& b) {
         b.stream<Maybe, Maybe>("in", {.name = "source"})
             .filter(is_there, {"present"})
             .map_values(loud, {"loud"})
             .select_key(first_letter_key, {"rekey"})
             .peek(look, {"look"})
             .to("out", {.name = "sink"});
       }},
      {"flat_map",
       [](StreamsBuilder& b) {
         const auto in = stream(b, "in").filter(is_there);
         in.flat_map_values(words_in).to("words");
         in.flat_map(twice).to("pairs");
         in.for_each(look);
       }},
      {"split",
       [](StreamsBuilder& b) {
         auto parts = stream(b, "in")
                          .split({"by-"})
                          .branch([](const Maybe& v) { return !v; }, "null")
                          .branch(is_one)
                          .default_branch();
         parts.at("by-null").to("nulls");
         parts.at("by-2").to("ones");
         parts.at("by-0").to("rest");
       }},
      {"split_without_rest",
       [](StreamsBuilder& b) {
         stream(b, "in")
             .split()
             .branch(is_there, {}, [](const KStream<Maybe, Maybe>& some) { some.to("out"); })
             .no_default_branch();
       }},
      {"merge",
       [](StreamsBuilder& b) {
         const auto l = stream(b, "l");
         l.merge(stream(b, "r").map_values([](const Maybe& v) { return Maybe(v.value_or("none")); })).to("out");
       }},
      {"merge_named",
       [](StreamsBuilder& b) {
         const auto l = stream(b, "l");
         l.merge(stream(b, "r"), {"both"}).to("out");
       }},
      {"several_topics",
       [](StreamsBuilder& b) { b.stream<Maybe, Maybe>(std::vector<std::string>{"l", "r"}).to("out"); }},
      {"same_topic_twice",
       [](StreamsBuilder& b) {
         stream(b, "in").map_values([](const Maybe& v) { return Maybe(v.value_or("null") + "1"); }).to("out");
         stream(b, "in").map_values([](const Maybe& v) { return Maybe(v.value_or("null") + "2"); }).to("out2");
       }},
      {"topic_by_record", [](StreamsBuilder& b) { stream(b, "in").filter(is_there).to(topic_of); }},
      {"repartition",
       [](StreamsBuilder& b) {
         const auto in = stream(b, "in").map(swapped);
         in.repartition().to("out");
         in.repartition({.name = "named"}).to("out2");
         in.repartition({.name = "three", .partitions = 3})
             .map_values([](const Maybe& v) { return Maybe(v.value_or("null")); })
             .to("out3");
       }},
      {"to_table", [](StreamsBuilder& b) { out(stream(b, "in").to_table().to_stream()); }},
      {"to_table_rekeyed",
       [](StreamsBuilder& b) { out(stream(b, "in").select_key(first_letter_key).to_table().to_stream()); }},
      {"to_table_named",
       [](StreamsBuilder& b) {
         out(stream(b, "in")
                 .select_key(first_letter_key)
                 .to_table({.store = "rows-store"}, {"rows"})
                 .to_stream({"back"}));
       }},
  };
}

class GoldenStateless : public testing::TestWithParam<Golden> {};
TEST_P(GoldenStateless, GivesWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Streams, GoldenStateless, testing::ValuesIn(stateless()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_stateless
