// The topologies of tests/interop/streams-golden/ForeignKeys.java.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"

namespace thalweg::streams::golden_foreign_keys {
namespace {

using golden::group, golden::inner, golden::left, golden::out, golden::table;

std::vector<Golden> foreign_keys() {
  return {
      {"foreign_join",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.join(table(b, "r"), group, inner).to_stream());
       }},
      {"foreign_left_join",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.left_join(table(b, "r"), group, left).to_stream());
       }},
      {"foreign_join_plain",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.join(table(b, "r"), group, inner).to_stream());
       }},
      {"foreign_join_named",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.join(table(b, "r"), group, inner, {"fk"}, {.store = "joined"}).to_stream());
       }},
      {"foreign_left_join_counted",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.left_join(table(b, "r"), group, left, {"fk"})
                 .group_by([](const std::string& k, const std::string& v) { return std::pair(v, k); })
                 .count()
                 .to_stream());
       }},
      {"foreign_join_of_filtered",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l").filter([](const std::string& v) { return !v.ends_with("3"); });
         out(l.join(table(b, "r").map_values([](const std::string& v) { return v + "!"; }), group, inner).to_stream());
       }},
      {"foreign_join_of_foreign",
       [](StreamsBuilder& b) {
         const auto r = table(b, "r");
         const auto l = table(b, "l");
         out(l.left_join(r, group, left).join(r, group, inner).to_stream());
       }},
  };
}

class GoldenForeignKeys : public testing::TestWithParam<Golden> {};
TEST_P(GoldenForeignKeys, GiveWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Streams, GoldenForeignKeys, testing::ValuesIn(foreign_keys()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_foreign_keys
