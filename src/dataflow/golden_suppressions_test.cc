// The topologies of tests/interop/streams-golden/Suppressions.java that have no windows.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"

namespace thalweg::streams::golden_suppressions {
namespace {

using golden::group, golden::Maybe, golden::out, golden::stream, golden::table;
using Text = std::string;

Text added(const Text& x, const Text& y) { return x + "+" + y; }
Text taken(const Text& x, const Text& y) { return x + "-" + y; }
std::pair<Maybe, Text> grouped(const Text& value) { return {group(value), value}; }

void suppressed(StreamsBuilder& b, const Suppressed& how) { out(table(b, "in").suppress(how).to_stream()); }

std::vector<Golden> suppressions() {
  return {
      {"suppress_time", [](StreamsBuilder& b) { suppressed(b, Suppressed::until(8ms)); }},
      {"suppress_no_time", [](StreamsBuilder& b) { suppressed(b, Suppressed::until(0ms)); }},
      {"suppress_records", [](StreamsBuilder& b) { suppressed(b, Suppressed::until(20ms, 2)); }},
      {"suppress_bytes",
       [](StreamsBuilder& b) {
         auto how = Suppressed::until(20ms);
         how.max_bytes = 150;
         suppressed(b, how);
       }},
      {"suppress_count",
       [](StreamsBuilder& b) {
         out(stream(b, "in").group_by_key().count().suppress(Suppressed::until(8ms, 3)).to_stream());
       }},
      {"suppress_then_group",
       [](StreamsBuilder& b) {
         out(table(b, "t").suppress(Suppressed::until(5ms, 2)).group_by(grouped).reduce(added, taken).to_stream());
       }},
      {"suppress_then_join",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l").suppress(Suppressed::until(5ms, 2));
         out(l.left_join(table(b, "r"), golden::left).to_stream());
       }},
      {"suppress_without_log",
       [](StreamsBuilder& b) {
         auto how = Suppressed::until(8ms);
         how.logging = false;
         suppressed(b, how);
       }},
  };
}

class GoldenSuppressions : public testing::TestWithParam<Golden> {};
TEST_P(GoldenSuppressions, GiveWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Streams, GoldenSuppressions, testing::ValuesIn(suppressions()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_suppressions
