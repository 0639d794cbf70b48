// The topologies of tests/interop/streams-golden/StreamJoins.java.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"

namespace thalweg::streams::golden_stream_joins {
namespace {

using golden::inner, golden::left, golden::Maybe, golden::out, golden::outer, golden::stream;

const JoinWindows kTen = JoinWindows::of(10ms, 2ms);

using Text = std::string;
using How = StreamJoined<Text, Text, Text>;

void joins(StreamsBuilder& b, JoinWindows windows, const How& how = {}) {
  const auto l = stream(b, "l");
  out(l.join(stream(b, "r"), inner, windows, how));
}
void left_joins(StreamsBuilder& b, JoinWindows windows, const How& how = {}) {
  const auto l = stream(b, "l");
  out(l.left_join(stream(b, "r"), left, windows, how));
}
void outer_joins(StreamsBuilder& b, JoinWindows windows, const How& how = {}) {
  const auto l = stream(b, "l");
  out(l.outer_join(stream(b, "r"), outer, windows, how));
}
Maybe first_letter(const Maybe& key, const Maybe& value) {
  return !value || value->empty() ? key : Maybe(value->substr(0, 1));
}
const How kNamed{.name = "N", .store = "J"};

std::vector<Golden> stream_joins() {
  return {
      {"stream_join", [](StreamsBuilder& b) { joins(b, kTen); }},
      {"stream_left_join", [](StreamsBuilder& b) { left_joins(b, kTen); }},
      {"stream_outer_join", [](StreamsBuilder& b) { outer_joins(b, kTen); }},
      {"stream_join_named", [](StreamsBuilder& b) { joins(b, kTen, kNamed); }},
      {"stream_left_join_named", [](StreamsBuilder& b) { left_joins(b, kTen, kNamed); }},
      {"stream_outer_join_named", [](StreamsBuilder& b) { outer_joins(b, kTen, kNamed); }},
      {"stream_join_only_before", [](StreamsBuilder& b) { joins(b, {10ms, 0ms, 2ms}); }},
      {"stream_left_join_lopsided", [](StreamsBuilder& b) { left_joins(b, {3ms, 10ms, 2ms}); }},
      {"stream_outer_join_lopsided", [](StreamsBuilder& b) { outer_joins(b, {10ms, 3ms, 2ms}); }},
      {"stream_outer_join_no_grace", [](StreamsBuilder& b) { outer_joins(b, {5ms, 5ms, 0ms}); }},
      {"stream_join_rekeyed",
       [](StreamsBuilder& b) {
         const auto l = stream(b, "l").select_key(first_letter);
         out(l.left_join(stream(b, "r").select_key(first_letter), left, kTen, {.name = "N"}));
       }},
      {"stream_self_join",
       [](StreamsBuilder& b) {
         const auto in = stream(b, "in");
         out(in.join(in, inner, kTen));
       }},
      {"stream_left_join_without_log", [](StreamsBuilder& b) { left_joins(b, kTen, {.logging = false}); }},
      {"stream_join_counted",
       [](StreamsBuilder& b) {
         const auto l = stream(b, "l");
         out(l.outer_join(stream(b, "r"), outer, kTen).group_by_key().count().to_stream());
       }},
  };
}

class GoldenStreamJoins : public testing::TestWithParam<Golden> {};
TEST_P(GoldenStreamJoins, GiveWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Streams, GoldenStreamJoins, testing::ValuesIn(stream_joins()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_stream_joins
